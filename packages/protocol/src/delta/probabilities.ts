/** Every context has seen nothing at first: both bits are as likely. */
const EVEN = 1 << 15;

/** After so many bits a context forgets old ones as fast as it learns. */
const MAX_SEEN = 30;

/**
 * How likely a 0 is next, for each context, learnt from the bits so far. Whole numbers alone: the same on every
 * platform.
 */
export class Probabilities {
  readonly #zero: Uint16Array;
  readonly #seen: Uint8Array;

  constructor(contexts: number) {
    this.#zero = new Uint16Array(contexts).fill(EVEN);
    this.#seen = new Uint8Array(contexts);
  }

  /** Probability of a 0 in 4,096ths, 1 to 4,094. */
  ofZero(context: number): number {
    return (this.#zero[context] as number) >>> 4;
  }

  /** Moves the probability by 1/2 of the way at first, then 1/3 and so on until 1/32. */
  learn(context: number, bit: number): void {
    const seen = this.#seen[context] as number;
    const zero = this.#zero[context] as number;
    const step = seen + 2;
    this.#zero[context] = bit === 0 ? zero + (((65_535 - zero) / step) | 0) : zero - ((zero / step) | 0);
    if (seen < MAX_SEEN) this.#seen[context] = seen + 1;
  }

  /** Takes over what another one has learnt. */
  copyFrom(other: Probabilities): void {
    this.#zero.set(other.#zero);
    this.#seen.set(other.#seen);
  }
}
