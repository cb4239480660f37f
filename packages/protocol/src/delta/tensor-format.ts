/** How a tensor's difference is written. 2 to 8 are `quantised` with that many bits for a number and its sign. */
export const METHOD = { unchanged: 0, dense: 1, quantised: 2, ternary: 9, topK: 10 } as const;

/** Highest number of bits of the quantised methods. */
export const MAX_QUANTISED_BITS = 8;

/** Values that share a scale in the quantised methods. */
export const BLOCK = 32;

/**
 * Bits of the largest number that is written: of a dense value, of a count or gap, of a block's scale, of a change of
 * scale.
 */
export const MAX_BITS = { dense: 52, place: 32, block: 3, scale: 7 } as const;

/** Largest scale of a tensor: steps of 2^52 units. */
export const MAX_SHIFT = 52;

/** Scale of the first tensor of a kind, from which the others count: 2^16 units. */
export const FIRST_SHIFT = 16;

/** Contexts of a number: 16 for its length in bits, 16 for the bit behind its leading one. */
const NUMBER = 32;

/** First contexts of each use, for one kind of tensor. */
export const CONTEXT = {
  /** Tree of four bits. */
  method: 0,
  /** Whether a value is 0, by how many of the two before it were not. */
  zero: 16,
  scaleSign: 19,
  scale: 20,
  block: 20 + NUMBER,
  magnitude: 20 + 2 * NUMBER,
  count: 20 + 3 * NUMBER,
  gap: 20 + 4 * NUMBER,
} as const;

/** Contexts of one kind, and of all four. */
export const CONTEXTS_PER_KIND = 20 + 5 * NUMBER;
export const CONTEXTS = 4 * CONTEXTS_PER_KIND;

/**
 * Bits for a magnitude less one in the quantised methods: one bit of a number is its sign, one says that it is not 0.
 */
export const magnitudeBits = (bits: number): number => bits - 2;

/** The same where values are written one by one with their places. */
export const TOP_K_BITS = magnitudeBits(MAX_QUANTISED_BITS);
