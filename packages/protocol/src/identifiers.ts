import { DIGEST_LENGTH } from './digest.js';
import { RenormError } from './errors.js';
import type { Device, VersionReference } from './gen/renorm/v1/adaptation_pb.js';
import { safeNumber } from './safe-number.js';

/** A device as it names itself, checked. */
export interface PeerDevice {
  readonly id: string;
  readonly cohort: string;
  /** SHA-256 of the model file, 32 bytes. */
  readonly modelDigest: Uint8Array;
}

/** A version by name, checked. */
export interface Reference {
  readonly number: number;
  /** 32 bytes. */
  readonly digest: Uint8Array;
}

const IDENTIFIER = /^[A-Za-z0-9._-]{1,128}$/;

/** Passes a device or cohort name on, or throws RenormError REQUEST_INVALID. */
export function checkIdentifier(name: string, value: string): string {
  if (IDENTIFIER.test(value)) return value;
  throw new RenormError(
    'REQUEST_INVALID',
    `the ${name} is ${JSON.stringify(value.slice(0, 140))}; it takes 1 to 128 characters out of A-Z a-z 0-9 . _ -`,
  );
}

/** @throws RenormError REQUEST_INVALID */
export function parseDevice(device: Device | undefined): PeerDevice {
  if (device === undefined)
    throw new RenormError('REQUEST_INVALID', 'the request does not name its device; fill in `device`.');
  return {
    id: checkIdentifier('device id', device.id),
    cohort: checkIdentifier('cohort', device.cohort),
    modelDigest: checkDigest('model digest', device.modelDigest),
  };
}

/** @throws RenormError REQUEST_INVALID, or the code given */
export function parseReference(
  name: string,
  reference: VersionReference | undefined,
  code: 'REQUEST_INVALID' | 'RESPONSE_INVALID' = 'REQUEST_INVALID',
): Reference {
  if (reference === undefined)
    throw new RenormError(code, `the message does not say which version is ${name}; fill in \`${name}\`.`);
  return {
    number: safeNumber(reference.number, `number of the ${name} version`, code),
    digest: checkDigest(`digest of the ${name} version`, reference.digest, code),
  };
}

function checkDigest(
  name: string,
  digest: Uint8Array,
  code: 'REQUEST_INVALID' | 'RESPONSE_INVALID' = 'REQUEST_INVALID',
): Uint8Array {
  // A copy: the message's bytes are a view of everything that the peer sent.
  if (digest.length === DIGEST_LENGTH) return digest.slice();
  throw new RenormError(code, `the ${name} has ${digest.length} bytes; SHA-256 has ${DIGEST_LENGTH}.`);
}
