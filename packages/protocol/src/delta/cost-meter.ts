import type { BitSink } from './bit-sink.js';
import { Probabilities } from './probabilities.js';

/** Weighs bits instead of writing them. */
export class CostMeter implements BitSink {
  readonly #probabilities: Probabilities;
  #bits = 0;

  constructor(contexts: number) {
    this.#probabilities = new Probabilities(contexts);
  }

  /** Begins anew at what an encoder has learnt so far. */
  restart(probabilities: Probabilities): void {
    this.#probabilities.copyFrom(probabilities);
    this.#bits = 0;
  }

  /** Length in bits since the start. */
  get bits(): number {
    return this.#bits;
  }

  bit(context: number, bit: number): void {
    const zero = this.#probabilities.ofZero(context);
    this.#bits += 12 - Math.log2(bit === 0 ? zero : 4096 - zero);
    this.#probabilities.learn(context, bit);
  }

  even(): void {
    this.#bits += 1;
  }
}
