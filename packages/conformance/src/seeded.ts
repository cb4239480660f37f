import { seededRandom } from '@renorm/protocol';

/** A generator of bytes that is the same in every run. */
export function seededBytes(seed: number): (count: number) => Uint8Array {
  const random = seededRandom(seed);
  return (count) => Uint8Array.from({ length: count }, () => random() * 256);
}
