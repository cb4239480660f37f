import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { equalBytes, toHex } from '../bytes.js';
import { RenormError } from '../errors.js';
import { type Version, VersionSchema, type WatchResponse } from '../gen/renorm/v1/adaptation_pb.js';
import { type Rollback, RollbackSchema, type SignedMessage } from '../gen/renorm/v1/trust_pb.js';
import type { Reference } from '../identifiers.js';
import { safeNumber } from '../safe-number.js';
import type { Ed25519 } from './ed25519.js';
import { checkRootExpiry, type Root } from './root.js';
import { checkSignatures, signMessage } from './signed-message.js';
import { checkVersionNumber } from './version-number.js';

/** What a signed version says besides its content. */
export interface Envelope {
  /** SHA-256 of the model file, 32 bytes. */
  readonly modelDigest: Uint8Array;
  readonly cohort: string;
  /** 32 bytes. */
  readonly parentDigest: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** A statement that takes versions back. */
export interface RollbackStatement {
  readonly modelDigest: Uint8Array;
  readonly cohort: string;
  /** The newest version that is taken back. */
  readonly fromNumber: number;
  readonly to: { readonly number: number; readonly digest: Uint8Array };
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/** What a device is and holds when a version arrives. */
export interface Receiver {
  readonly root: Root;
  readonly modelDigest: Uint8Array;
  readonly cohort: string;
  readonly held: Reference;
  /** The newest version that was ever taken: it may be above what is held, after decoding began anew. */
  readonly newest: number;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
}

/** A version that was checked. */
export interface OpenedVersion {
  readonly version: Version;
  /** Whether a rollback made way for it. */
  readonly rolledBack: boolean;
  /** The signing keys that vouch for it. */
  readonly signers: readonly Uint8Array[];
}

/** The bytes to sign: a version with its envelope filled in. */
export function sealVersion(
  version: Version,
  { modelDigest, cohort, parentDigest, expiresAtMs }: Envelope,
): Uint8Array {
  const whole = { ...version, modelDigest, cohort, parentDigest, expiresAtMs: BigInt(expiresAtMs) };
  return toBinary(VersionSchema, whole);
}

/** Fills in the envelope of a version and signs it. */
export function signVersion(
  ed25519: Ed25519,
  version: Version,
  envelope: Envelope,
  secretKeys: readonly Uint8Array[],
): Promise<SignedMessage> {
  return signMessage(ed25519, 'renorm.v1.Version', sealVersion(version, envelope), secretKeys);
}

/** Signs a rollback. */
export function signRollback(
  ed25519: Ed25519,
  { modelDigest, cohort, fromNumber, to, expiresAtMs }: RollbackStatement,
  secretKeys: readonly Uint8Array[],
): Promise<SignedMessage> {
  const message = create(RollbackSchema, {
    ...{ modelDigest, cohort, toDigest: to.digest },
    fromNumber: BigInt(fromNumber),
    toNumber: BigInt(to.number),
    expiresAtMs: BigInt(expiresAtMs),
  });
  return signMessage(ed25519, 'renorm.v1.Rollback', toBinary(RollbackSchema, message), secretKeys);
}

/**
 * Checks everything about a version but its content, which `applyVersion` checks afterwards.
 *
 * @throws RenormError SIGNATURE_MISSING, SIGNATURE_INVALID, KEY_UNKNOWN, ROOT_EXPIRED, VERSION_EXPIRED,
 *   VERSION_MISMATCH (another model, cohort or parent), VERSION_ROLLBACK, VERSION_NUMBER, VERSION_REFUSED (not a
 *   version)
 */
export async function openVersion(
  ed25519: Ed25519,
  response: WatchResponse,
  receiver: Receiver,
): Promise<OpenedVersion> {
  const { root, held, nowMs } = receiver;
  checkRootExpiry(root, nowMs);
  const signed = response.signedVersion;
  if (signed === undefined) {
    throw new RenormError(
      'SIGNATURE_MISSING',
      'a version came without a signature; start the cloud with --signing-key and --roots, or open the device without trust.',
    );
  }
  const signers = await checkSignatures(ed25519, 'renorm.v1.Version', signed, root.signing);
  const version = parse(() => fromBinary(VersionSchema, signed.message));
  const number = safeNumber(version.number, 'number of the version', 'VERSION_REFUSED');
  checkVersionNumber(number, receiver.newest);
  checkExpiry(`version ${number}`, version.expiresAtMs, nowMs);
  checkPlace(`version ${number}`, version, receiver);
  const rollback = response.rollback && (await openRollback(ed25519, response.rollback, receiver));
  const rolledBack = rollback !== undefined && number < receiver.newest && names(rollback, version, receiver.newest);
  if (number < held.number && !rolledBack) {
    throw new RenormError(
      'VERSION_ROLLBACK',
      `version ${number} is older than version ${held.number}, which is held, and no signed rollback names it; sign one, or find out who sends old versions.`,
    );
  }
  if (number === held.number && !equalBytes(version.digest, held.digest)) {
    throw new RenormError(
      'VERSION_ROLLBACK',
      `version ${number} is held already with the digest ${toHex(held.digest)} and came with another; a cloud that lost its data has to count on from there.`,
    );
  }
  checkParent(version, number);
  return { version, rolledBack, signers };
}

async function openRollback(ed25519: Ed25519, signed: SignedMessage, receiver: Receiver): Promise<Rollback> {
  await checkSignatures(ed25519, 'renorm.v1.Rollback', signed, receiver.root.signing);
  const rollback = parse(() => fromBinary(RollbackSchema, signed.message));
  const name = `the rollback to version ${rollback.toNumber}`;
  checkExpiry(name, rollback.expiresAtMs, receiver.nowMs);
  checkPlace(name, rollback, receiver);
  return rollback;
}

/** Whether a rollback makes way for a version in a device that has had versions up to `newest`. */
const names = (rollback: Rollback, version: Version, newest: number): boolean =>
  rollback.toNumber === version.number &&
  equalBytes(rollback.toDigest, version.digest) &&
  rollback.fromNumber >= BigInt(newest);

function checkExpiry(name: string, expiresAtMs: bigint, nowMs: number): void {
  if (BigInt(Math.floor(nowMs)) < expiresAtMs) return;
  throw new RenormError(
    'VERSION_EXPIRED',
    `${name} expired at ${expiresAtMs} ms since 1970, now it is ${nowMs}; someone holds newer ones back, or a clock is wrong.`,
  );
}

interface Place {
  readonly modelDigest: Uint8Array;
  readonly cohort: string;
}

function checkPlace(name: string, { modelDigest, cohort }: Place, receiver: Place): void {
  if (!equalBytes(modelDigest, receiver.modelDigest))
    throw mismatch(`${name} is for the model ${toHex(modelDigest)}, this device runs ${toHex(receiver.modelDigest)}`);
  if (cohort !== receiver.cohort)
    throw mismatch(`${name} is for the cohort ${JSON.stringify(cohort)}, this device is in ${receiver.cohort}`);
}

/** The envelope and the delta name the same parent; that it is the one held, `applyVersion` checks. */
function checkParent({ content, parentDigest }: Version, number: number): void {
  const parent = content.case === 'delta' ? content.value.parent : undefined;
  if (parent !== undefined && !equalBytes(parent.digest, parentDigest))
    throw mismatch(`version ${number} names another parent than its delta`);
}

function parse<Message>(read: () => Message): Message {
  try {
    return read();
  } catch (cause) {
    const text = 'what was signed as a version or a rollback is none; run the same release on device and cloud.';
    throw new RenormError('VERSION_REFUSED', text, { cause });
  }
}

function mismatch(text: string): RenormError {
  return new RenormError('VERSION_MISMATCH', `${text}; see who answers at the address of the cloud.`);
}
