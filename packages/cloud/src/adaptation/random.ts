/** A small seeded generator (mulberry32). `state` is all there is to it, so that it can be stored. */
export interface Draw {
  /** Whole numbers from 0 to limit - 1. */
  readonly values: readonly number[];
  /** The generator's state behind them. */
  readonly state: number;
}

function next(state: number): { value: number; state: number } {
  const moved = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(moved ^ (moved >>> 15), 1 | moved);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return { value: ((t ^ (t >>> 14)) >>> 0) / 2 ** 32, state: moved };
}

/** Draws `count` different numbers below `limit`, or all of them if there are no more (Floyd's algorithm). */
export function drawDistinct(seed: number, limit: number, count: number): Draw {
  const chosen = new Set<number>();
  let state = seed;
  for (let j = Math.max(0, limit - count); j < limit; j++) {
    const drawn = next(state);
    state = drawn.state;
    const candidate = Math.floor(drawn.value * (j + 1));
    chosen.add(chosen.has(candidate) ? j : candidate);
  }
  return { values: [...chosen], state };
}
