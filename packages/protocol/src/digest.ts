import { sha256 } from '@noble/hashes/sha2.js';
import { float32ToBytes } from './bytes.js';
import type { ParameterSet } from './parameters.js';

/** Length of every digest in bytes (SHA-256). */
export const DIGEST_LENGTH = 32;

/** SHA-256 of bytes: what names a model file. */
export function digestBytes(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

/** SHA-256 over the concatenated values as little-endian float32, in the order of the set: what names a version. */
export function digestParameters(parameters: ParameterSet): Uint8Array {
  const hash = sha256.create();
  for (const values of parameters.values()) hash.update(float32ToBytes(values));
  return hash.digest();
}
