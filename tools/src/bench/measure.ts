/** One of two things that are measured in turn. */
export type Timed = () => Promise<number>;

/** Times of both, in milliseconds, in the order of the rounds. */
export interface Pairs {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/**
 * Measures two things in turn, A B A B …, so that a machine whose speed drifts slows both alike.
 *
 * @param rounds counted rounds, after `warmup` that are not
 */
export async function inTurn(a: Timed, b: Timed, rounds: number, warmup: number): Promise<Pairs> {
  const times: { a: number[]; b: number[] } = { a: [], b: [] };
  for (let round = -warmup; round < rounds; round++) {
    const [first, second] = [await a(), await b()];
    if (round < 0) continue;
    times.a.push(first);
    times.b.push(second);
  }
  return times;
}

/** Milliseconds that something takes. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** The value below which `share` of the values lie, by linear interpolation. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((x, y) => x - y);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const below = sorted[low] as number;
  const above = sorted[Math.min(low + 1, sorted.length - 1)] as number;
  return below + (above - below) * (at - low);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The median of the ratios A/B of each round, with the range of the middle half. */
export function ratio({ a, b }: Pairs): { median: number; low: number; high: number } {
  const ratios = a.map((value, i) => value / (b[i] as number));
  return { median: median(ratios), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}

/** '0.57 (0.55 to 0.60)' */
export function ratioText(pairs: Pairs): string {
  const { median: middle, low, high } = ratio(pairs);
  return `${middle.toFixed(2)} (middle half of the rounds ${low.toFixed(2)} to ${high.toFixed(2)})`;
}
