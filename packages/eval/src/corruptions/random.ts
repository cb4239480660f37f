import { seededRandom } from '@renorm/protocol';

/** A seeded source of random numbers of the distributions that corruptions need. */
export class Random {
  readonly #next: () => number;
  #spare: number | undefined;

  /** @param parts numbers and texts that together are the seed */
  constructor(...parts: readonly (number | string)[]) {
    // FNV-1a over the text of the parts.
    let seed = 0x811c9dc5;
    for (const letter of parts.join(' ')) seed = Math.imul(seed ^ letter.charCodeAt(0), 0x01000193);
    this.#next = seededRandom(seed);
  }

  uniform(low = 0, high = 1): number {
    return low + (high - low) * this.#next();
  }

  /** A whole number from low to high - 1. */
  integer(low: number, high: number): number {
    return Math.floor(this.uniform(low, high));
  }

  /** Normally distributed (Marsaglia's polar method). */
  normal(mean = 0, deviation = 1): number {
    if (this.#spare !== undefined) {
      const value = this.#spare;
      this.#spare = undefined;
      return mean + deviation * value;
    }
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * factor;
      return mean + deviation * u * factor;
    }
  }

  /** Poisson distributed (Knuth's product method; a normal approximation from a mean of 60 on). */
  poisson(mean: number): number {
    if (mean >= 60) return Math.max(0, Math.round(this.normal(mean, Math.sqrt(mean))));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.uniform(); product > limit; product *= this.uniform()) count += 1;
    return count;
  }
}
