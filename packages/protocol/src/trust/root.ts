import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { RenormError } from '../errors.js';
import { type RootMetadata, RootMetadataSchema, type SignedMessage } from '../gen/renorm/v1/trust_pb.js';
import { safeNumber } from '../safe-number.js';
import { type Ed25519, KEY_LENGTH } from './ed25519.js';
import { checkSignatures, type Role, signMessage } from './signed-message.js';

/** Root metadata, checked. */
export interface Root {
  /** From 1. */
  readonly version: number;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** Who may sign roots. */
  readonly root: Role;
  /** Who may sign versions and rollbacks. */
  readonly signing: Role;
}

const MAX_KEYS = 16;

/** Serializes a root and signs it with root keys: its own, and for a successor the predecessor's as well. */
export function signRoot(ed25519: Ed25519, root: Root, secretKeys: readonly Uint8Array[]): Promise<SignedMessage> {
  const message = create(RootMetadataSchema, {
    version: BigInt(root.version),
    expiresAtMs: BigInt(root.expiresAtMs),
    rootKeys: [...root.root.keys],
    rootThreshold: root.root.threshold,
    signingKeys: [...root.signing.keys],
    signingThreshold: root.signing.threshold,
  });
  return signMessage(ed25519, 'renorm.v1.RootMetadata', toBinary(RootMetadataSchema, message), secretKeys);
}

/**
 * The root that a device starts from: it was handed over in person, so it only has to agree with itself.
 * It may have expired, as long as a successor has not.
 *
 * @throws RenormError ROOT_INVALID, SIGNATURE_INVALID, KEY_UNKNOWN
 */
export async function openRoot(ed25519: Ed25519, signed: SignedMessage): Promise<Root> {
  const root = parseRoot(signed.message);
  await checkSignatures(ed25519, 'renorm.v1.RootMetadata', signed, root.root);
  return root;
}

/**
 * Follows roots from the one that is trusted, each signed by its predecessor's keys and by its own. Roots that are not
 * newer are passed over. Whether the last has expired is asked later: a chain leads through expired ones.
 *
 * @throws RenormError ROOT_INVALID (a gap, or not a root), SIGNATURE_INVALID, KEY_UNKNOWN
 */
export async function followRoots(ed25519: Ed25519, trusted: Root, chain: readonly SignedMessage[]): Promise<Root> {
  let held = trusted;
  for (const signed of chain) {
    const next = parseRoot(signed.message);
    if (next.version <= held.version) continue;
    if (next.version !== held.version + 1)
      throw invalid(`root ${next.version} came after root ${held.version}; serve every root in between`);
    await checkSignatures(ed25519, 'renorm.v1.RootMetadata', signed, held.root);
    await checkSignatures(ed25519, 'renorm.v1.RootMetadata', signed, next.root);
    held = next;
  }
  return held;
}

/** @throws RenormError ROOT_EXPIRED */
export function checkRootExpiry(root: Root, nowMs: number): void {
  if (nowMs < root.expiresAtMs) return;
  throw new RenormError(
    'ROOT_EXPIRED',
    `root ${root.version} expired at ${new Date(root.expiresAtMs).toISOString()}; sign its successor with the root key (renorm keys rotate) and serve it, or check the clock of this machine.`,
  );
}

function parseRoot(bytes: Uint8Array): Root {
  let message: RootMetadata;
  try {
    message = fromBinary(RootMetadataSchema, bytes);
  } catch (cause) {
    throw invalid('the bytes are no root metadata', cause);
  }
  const version = safeNumber(message.version, 'version of the root', 'ROOT_INVALID');
  if (version < 1) throw invalid('roots count from 1');
  const expiresAtMs = safeNumber(message.expiresAtMs, 'expiry of the root', 'ROOT_INVALID');
  if (expiresAtMs > 8.64e15) throw invalid(`root ${version} expires after the end of all calendars`);
  return {
    version,
    expiresAtMs,
    root: parseRole('root', message.rootKeys, message.rootThreshold),
    signing: parseRole('signing', message.signingKeys, message.signingThreshold),
  };
}

function parseRole(name: string, keys: readonly Uint8Array[], threshold: number): Role {
  if (keys.length > MAX_KEYS || keys.some((key) => key.length !== KEY_LENGTH))
    throw invalid(`it takes at most ${MAX_KEYS} ${name} keys of ${KEY_LENGTH} bytes`);
  if (new Set(keys.map((key) => key.join())).size < keys.length) throw invalid(`a ${name} key is named twice`);
  // A threshold of 0 would let anyone in.
  if (threshold < 1 || threshold > Math.max(1, keys.length))
    throw invalid(`the ${name} threshold is ${threshold} of ${keys.length} keys`);
  return { keys, threshold };
}

function invalid(text: string, cause?: unknown): RenormError {
  return new RenormError('ROOT_INVALID', `${text}; make roots with renorm keys.`, { cause });
}
