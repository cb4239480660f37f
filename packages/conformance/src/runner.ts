import { reasonOf } from '@renorm/protocol';
import { type Case, Skip, Violation } from './case.js';

/** How a case ended. */
export interface Result {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly proves: readonly string[];
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Of a failed case. */
  readonly expected?: string;
  /** Of a failed case: what came; of a skipped one: why. */
  readonly came?: string;
  readonly milliseconds: number;
}

export interface RunOptions {
  /** Only these cases. Default: all. */
  readonly only?: readonly string[];
  /** How long one case may take, in milliseconds. Default: 120,000. */
  readonly timeoutMs?: number;
  /** How many cases are under way at a time, where nothing but the machine is shared by them. Default: 1. */
  readonly jobs?: number;
  /** No further case is begun. */
  readonly signal?: AbortSignal;
  /** Told after each case, in the order in which they end. */
  onResult?(result: Result): void;
}

/** Runs cases. One that fails ends nothing but itself. @returns results in the order of the cases */
export async function runCases<Context>(
  cases: readonly Case<Context>[],
  contextOf: (each: Case<Context>) => Context | Promise<Context>,
  { only, timeoutMs = 120_000, jobs = 1, signal, onResult }: RunOptions = {},
): Promise<Result[]> {
  const wanted = cases.filter(({ id }) => only === undefined || only.includes(id)).entries();
  const results: Result[] = [];
  const work = async (): Promise<void> => {
    // The workers take their turns from one iterator.
    for (const [i, each] of wanted) {
      if (signal?.aborted) return;
      const { id, group, title, proves } = each;
      const started = performance.now();
      const ended = await end(async () => each.run(await contextOf(each)), timeoutMs);
      results[i] = { id, group, title, proves, ...ended, milliseconds: performance.now() - started };
      onResult?.(results[i]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return results.filter((result) => result !== undefined);
}

async function end(
  run: () => Promise<void>,
  timeoutMs: number,
): Promise<Pick<Result, 'outcome' | 'expected' | 'came'>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const seconds = timeoutMs / 1000;
    timer = setTimeout(() => reject(new Violation(`an end within ${seconds} s`, 'none')), timeoutMs);
  });
  try {
    await Promise.race([run(), late]);
    return { outcome: 'passed' };
  } catch (error) {
    if (error instanceof Skip) return { outcome: 'skipped', came: error.reason };
    if (error instanceof Violation) return { outcome: 'failed', expected: error.expected, came: error.came };
    return { outcome: 'failed', expected: 'no error', came: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
