import {
  applyVersion,
  checkSignatures,
  equalBytes,
  fromBinary,
  RenormError,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import type { Trust } from '../platform.js';
import type { ProvenVersion } from '../versions.js';
import type { KeptVersion } from './recall.js';
import type { Identity } from './records.js';

/**
 * The version that an earlier run left in force: decoded, and what was signed says that it is that. That it has expired
 * does not matter, as it does not to a device that runs on.
 *
 * @throws RenormError as `applyVersion`; with trust SIGNATURE_MISSING, SIGNATURE_INVALID, KEY_UNKNOWN,
 *   VERSION_MISMATCH, VERSION_ROLLBACK
 */
export async function provenVersion(
  kept: KeptVersion,
  exported: VersionState,
  identity: Identity,
  trust: Trust | undefined,
): Promise<ProvenVersion> {
  const { snapshot, proof } = kept;
  const version = applyVersion(exported, snapshot);
  const { number } = version;
  if (trust === undefined) return proof === undefined ? version : { ...version, proof };
  if (proof === undefined)
    throw refused('SIGNATURE_MISSING', number, 'it was kept by a device that did not check signatures');
  await checkSignatures(trust.ed25519, 'renorm.v1.Version', proof, trust.root.signing);
  const signed = fromBinary(VersionSchema, proof.message);
  const isThat = signed.number === snapshot.number && equalBytes(signed.digest, version.digest);
  if (!isThat || signed.cohort !== identity.cohort || !equalBytes(signed.modelDigest, identity.modelDigest))
    throw refused('VERSION_MISMATCH', number, 'what was signed is another');
  if (number < (trust.recalled?.newest ?? 0) && !kept.isStepBack)
    throw refused('VERSION_ROLLBACK', number, `this device has had version ${trust.recalled?.newest}`);
  return { ...version, proof, expiresAtMs: Number(signed.expiresAtMs) };
}

function refused(code: 'SIGNATURE_MISSING' | 'VERSION_MISMATCH' | 'VERSION_ROLLBACK', number: number, why: string) {
  const text = `version ${number}, which was in force when the device ended, is not taken (${why}); the model as exported predicts until the cloud sends another.`;
  return new RenormError(code, text);
}
