import { RenormError } from '../errors.js';

/** A coded difference that no encoder writes. */
export function damagedVersion(why: string): RenormError {
  return new RenormError(
    'VERSION_REFUSED',
    `the coded difference is damaged: ${why}; the version held before stays. Ask for a snapshot.`,
  );
}
