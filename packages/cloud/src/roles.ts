import { RenormError } from '@renorm/protocol';

/** What a cloud does: take samples in and send versions out, or train. */
export type CloudRole = 'gateway' | 'trainer';

const ROLES: readonly CloudRole[] = ['gateway', 'trainer'];

/** @throws RenormError REQUEST_INVALID: none, one twice, or one that there is not */
export function rolesOf(given: readonly string[] = ROLES): CloudRole[] {
  const known = given.filter((role): role is CloudRole => (ROLES as readonly string[]).includes(role));
  if (known.length === given.length && known.length > 0 && new Set(known).size === known.length) return known;
  throw new RenormError(
    'REQUEST_INVALID',
    `the roles of a cloud are ${ROLES.join(' and ')}, not ${JSON.stringify(given)}; name one or both.`,
  );
}
