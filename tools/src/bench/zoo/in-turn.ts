import { median, ratio } from '../measure.js';

/** Milliseconds of one run, on the clock and of the processor. */
export interface Cost {
  readonly wall: number;
  readonly processor: number;
}

export type Measured = () => Promise<Cost>;

/** What something in this process costs. */
export async function cost(action: () => Promise<unknown>): Promise<Cost> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await action();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - started, processor: (user + system) / 1000 };
}

/** Measures all of them in turn, A B C A B C …, so that a machine whose speed drifts slows all alike. */
export async function allInTurn<Name extends string>(
  measured: Readonly<Record<Name, Measured>>,
  rounds: number,
  warmup: number,
): Promise<Record<Name, Cost[]>> {
  const names = Object.keys(measured) as Name[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as Cost[]])) as Record<Name, Cost[]>;
  for (let round = -warmup; round < rounds; round++) {
    for (const name of names) {
      const one = await measured[name]();
      if (round >= 0) costs[name].push(one);
    }
  }
  return costs;
}

const of = (costs: readonly Cost[], kind: keyof Cost): number[] => costs.map((each) => each[kind]);

export const medianOf = (costs: readonly Cost[], kind: keyof Cost): number => median(of(costs, kind));

/**
 * '0.62 (0.61 to 0.63)': the median of the ratios of the rounds and their middle half, `factor` times b below the line.
 */
export function ratioOf(a: readonly Cost[], b: readonly Cost[], kind: keyof Cost, factor = 1): string {
  const below = of(b, kind).map((value) => factor * value);
  const { median: middle, low, high } = ratio({ a: of(a, kind), b: below });
  return `${middle.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
