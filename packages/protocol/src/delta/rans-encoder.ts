import type { BitSink } from './bit-sink.js';
import { Probabilities } from './probabilities.js';
import { RANS_HEAD, RANS_LOW } from './rans-decoder.js';

/**
 * Writes bits for `RansDecoder`. The coder is last in, first out: bits are collected, and coded backwards at the end.
 */
export class RansEncoder implements BitSink {
  readonly probabilities: Probabilities;
  /** A bit each: the probability of a 0 in 4,096ths, times 2, plus the bit. */
  readonly #bits: number[] = [];

  constructor(contexts: number) {
    this.probabilities = new Probabilities(contexts);
  }

  bit(context: number, bit: number): void {
    this.#bits.push(this.probabilities.ofZero(context) * 2 + bit);
    this.probabilities.learn(context, bit);
  }

  even(bit: number): void {
    this.#bits.push(2048 * 2 + bit);
  }

  /** The whole stream. */
  finish(): Uint8Array {
    const backwards: number[] = [];
    let state = RANS_LOW;
    for (let i = this.#bits.length - 1; i >= 0; i--) {
      const each = this.#bits[i] as number;
      const bit = each & 1;
      const zero = each >>> 1;
      const share = bit === 0 ? zero : 4096 - zero;
      while (state >= share * (RANS_LOW / 4096) * 256) {
        backwards.push(state & 255);
        state >>>= 8;
      }
      state = Math.floor(state / share) * 4096 + (state % share) + (bit === 0 ? 0 : zero);
    }
    for (let i = 0; i < RANS_HEAD; i++) {
      backwards.push(state & 255);
      state >>>= 8;
    }
    return Uint8Array.from(backwards.reverse());
  }
}
