/** One sample of so many is held out. */
const ONE_IN = 5;

/**
 * Whether the sample at a position of a cohort's log is kept from every strategy, so that versions can be judged by it.
 * By a hash of the position: what a device sends when, say every fifth time, does not decide it.
 */
export function isHeldOut(position: number): boolean {
  let hash = Math.imul(position ^ (position >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % ONE_IN === 0;
}

/**
 * The latest positions that are held out, at most `count`.
 *
 * @param from the first to consider @param to behind the last
 */
export function heldOutPositions(from: number, to: number, count: number): number[] {
  const found: number[] = [];
  const oldest = Math.max(from, to - 2 * ONE_IN * count, 0);
  for (let position = to - 1; position >= oldest && found.length < count; position--)
    if (isHeldOut(position)) found.push(position);
  return found.reverse();
}

/** Fewer held-out samples than these judge nothing by themselves. */
const ENOUGH = 12;

/**
 * Positions to judge a version by: those that are held out, and while these are few, the latest others beside them. As
 * heldOutPositions.
 */
export function judgingPositions(from: number, to: number, count: number): number[] {
  const heldOut = heldOutPositions(from, to, count);
  const others: number[] = [];
  for (let position = to - 1; position >= from && heldOut.length + others.length < Math.min(ENOUGH, count); position--)
    if (!isHeldOut(position)) others.push(position);
  return [...heldOut, ...others];
}
