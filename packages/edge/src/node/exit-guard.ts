import { Counter } from './slots.js';

/** Longest that the end of the process waits for a worker, in milliseconds. */
const LONGEST_MS = 1000;

const guarded = new Set<Int32Array>();

/**
 * Has the end of the process wait until a worker is out of the runtime: a thread that is ended in the middle of a
 * prediction takes the process down with an abort. For programs that end by process.exit without closing their device.
 *
 * @param counters of the worker's shared memory
 * @returns a function that lifts the guard
 */
export function guardExit(counters: Int32Array): () => void {
  if (guarded.size === 0) process.on('exit', waitForAll);
  guarded.add(counters);
  return () => {
    guarded.delete(counters);
    if (guarded.size === 0) process.off('exit', waitForAll);
  };
}

function waitForAll(): void {
  for (const counters of guarded) Atomics.store(counters, Counter.Ending, 1);
  for (const counters of guarded) Atomics.wait(counters, Counter.InRuntime, 1, LONGEST_MS);
}
