import { create } from '@bufbuild/protobuf';
import { equalBytes } from '../bytes.js';
import { digestBytes } from '../digest.js';
import { RenormError } from '../errors.js';
import { type SignedMessage, SignedMessageSchema } from '../gen/renorm/v1/trust_pb.js';
import type { Ed25519 } from './ed25519.js';

/** The messages that are signed. The name goes under the signature. */
export type SignedType = 'renorm.v1.Version' | 'renorm.v1.RootMetadata' | 'renorm.v1.Rollback';

/** The keys that may sign one kind of message, and how many have to. */
export interface Role {
  readonly keys: readonly Uint8Array[];
  readonly threshold: number;
}

/** Bounds the work that a hostile message can cause. */
const MAX_SIGNATURES = 16;

/** SHA-256 of a public key. */
export const keyIdOf = (publicKey: Uint8Array): Uint8Array => digestBytes(publicKey);

/** Signs a serialized message with each of the secret keys. */
export async function signMessage(
  ed25519: Ed25519,
  type: SignedType,
  message: Uint8Array,
  secretKeys: readonly Uint8Array[],
): Promise<SignedMessage> {
  const text = signedText(type, message);
  const signatures = secretKeys.map(async (secret) => ({
    keyId: keyIdOf(await ed25519.publicKeyOf(secret)),
    signature: await ed25519.sign(secret, text),
  }));
  return create(SignedMessageSchema, { message, signatures: await Promise.all(signatures) });
}

/**
 * Checks that enough keys of a role have signed. After that, and not before, the bytes of the message may be parsed.
 *
 * @returns the keys whose signatures are right
 * @throws RenormError KEY_UNKNOWN: no key of the role has signed; SIGNATURE_INVALID: too few signatures are right
 */
export async function checkSignatures(
  ed25519: Ed25519,
  type: SignedType,
  signed: SignedMessage,
  role: Role,
): Promise<readonly Uint8Array[]> {
  if (signed.signatures.length > MAX_SIGNATURES) {
    throw new RenormError(
      'SIGNATURE_INVALID',
      `a ${type} carries ${signed.signatures.length} signatures, more than ${MAX_SIGNATURES}; see who answers at the address of the cloud.`,
    );
  }
  const text = signedText(type, signed.message);
  let known = 0;
  const right: Uint8Array[] = [];
  for (const key of role.keys) {
    const id = keyIdOf(key);
    const signature = signed.signatures.find(({ keyId }) => equalBytes(keyId, id));
    if (signature === undefined) continue;
    known++;
    if (await ed25519.verify(key, text, signature.signature)) right.push(key);
  }
  if (right.length >= role.threshold) return right;
  if (known === 0) {
    throw new RenormError(
      'KEY_UNKNOWN',
      `a ${type} is not signed by any key that the root names; put the root that names the cloud's signing key where the cloud serves it.`,
    );
  }
  throw new RenormError(
    'SIGNATURE_INVALID',
    `${right.length} of the signatures of a ${type} are right, ${role.threshold} are needed; see who answers at the address of the cloud.`,
  );
}

/** What goes under the signature: the name of the message, a zero byte, its bytes. */
export function signedText(type: SignedType, message: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(type);
  const text = new Uint8Array(name.length + 1 + message.length);
  text.set(name);
  text.set(message, name.length + 1);
  return text;
}
