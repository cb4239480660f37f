import { randomInt } from 'node:crypto';
import { seededRandom } from '@renorm/protocol';

/** Numbers that come again for a seed. */
export class Random {
  readonly #next: () => number;

  constructor(readonly seed: number) {
    this.#next = seededRandom(seed);
  }

  /** A whole number from 0, below a bound. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  /** A whole number from one bound to the other. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }
}

/** RENORM_SEED, or a new one each time: every run tries other moments. */
export const seedOfRun = (): number => Number(process.env.RENORM_SEED ?? randomInt(1, 2 ** 31));
