import type { Dim } from '../../graph/types.js';

/** Sizes of as many pieces: all alike, but for the last. */
export function pieces(size: Dim, count: number): Dim[] | undefined {
  if (size === undefined) return undefined;
  const each = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.min(each, size - i * each));
}

/** Sizes of pieces of one length, and what is left. */
export const chunks = (size: number, length: number): number[] =>
  Array.from({ length: Math.ceil(size / length) }, (_, i) => Math.min(length, size - i * length));
