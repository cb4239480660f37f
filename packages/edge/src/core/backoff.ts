/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Before the second attempt, in milliseconds. Default 500. */
  readonly initialMs: number;
  /** The longest, in milliseconds. Default 30,000. */
  readonly maxMs: number;
  /** Factor from one wait to the next. Default 2. */
  readonly factor: number;
}

export const BACKOFF_DEFAULTS: BackoffOptions = { initialMs: 500, maxMs: 30_000, factor: 2 };

/**
 * Milliseconds to wait after a number of failures in a row. Drawn from the upper half of the exponential wait, so that
 * the devices of a fleet do not come back all at once.
 *
 * @param failures from 1
 * @param random uniform in [0, 1)
 */
export function backoffMs(
  failures: number,
  random: number,
  { initialMs, maxMs, factor }: BackoffOptions = BACKOFF_DEFAULTS,
): number {
  const full = Math.min(maxMs, initialMs * factor ** (failures - 1));
  return full * (0.5 + 0.5 * random);
}
