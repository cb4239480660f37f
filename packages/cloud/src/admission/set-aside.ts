/** Out-of-range samples of one device, as a cloud remembers them. */
export interface Conduct {
  /** Samples that were refused, each once, and the time of the first of them. */
  readonly refused: ReadonlySet<number>;
  readonly since: number;
  /** No upload is taken before; 0 where the device is not set aside. */
  readonly until: number;
  /** How often it has been set aside. */
  readonly times: number;
}

/** A device is set aside after so many out-of-range samples within the window. */
export const MOST_REFUSED = 3;
const WINDOW_MS = 10 * 60_000;
/** For so long at first, and twice as long each time. */
const FIRST_MS = 60_000;
const LONGEST_MS = 60 * 60_000;

const WELL: Conduct = { refused: new Set(), since: 0, until: 0, times: 0 };

/**
 * Another out-of-range sample. A batch that is sent again in halves to find the sample to blame counts that sample
 * once.
 *
 * @param now milliseconds of a clock that never goes back
 */
export function afterRefusal(conduct: Conduct = WELL, sequence: number, now: number): Conduct {
  const stale = now - conduct.since > WINDOW_MS;
  const refused = new Set(stale ? [] : conduct.refused).add(sequence);
  const since = stale ? now : conduct.since;
  if (refused.size < MOST_REFUSED || now < conduct.until) return { ...conduct, refused, since };
  const pause = Math.min(LONGEST_MS, FIRST_MS * 2 ** conduct.times);
  return { refused: new Set(), since: now, until: now + pause, times: conduct.times + 1 };
}
