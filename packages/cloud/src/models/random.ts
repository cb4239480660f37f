import { nextDraw } from '@renorm/protocol';

/** Numbers drawn from a generator whose state is stored. */
export interface Draw {
  /** Whole numbers from 0 to limit - 1. */
  readonly values: readonly number[];
  /** The generator's state behind them. */
  readonly state: number;
}

/** Draws `count` different numbers below `limit`, or all of them if there are no more (Floyd's algorithm). */
export function drawDistinct(seed: number, limit: number, count: number): Draw {
  const chosen = new Set<number>();
  let state = seed;
  for (let j = Math.max(0, limit - count); j < limit; j++) {
    const drawn = nextDraw(state);
    state = drawn.state;
    const candidate = Math.floor(drawn.value * (j + 1));
    chosen.add(chosen.has(candidate) ? j : candidate);
  }
  return { values: [...chosen], state };
}
