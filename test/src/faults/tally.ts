/** What came of trying a fault so many times. */
export interface Tally {
  readonly kind: string;
  readonly seed: number;
  /** Times that the fault was made. */
  tried: number;
  /** Samples that a device was told are kept. */
  acknowledged: number;
  /** Of these, those that are not there, or are there with other bytes, or more than once. */
  lost: number;
  changed: number;
  twice: number;
  /** Versions that a device took and that are no longer what they were. */
  forked: number;
  /** Predictions that were asked for and did not come. */
  missed: number;
  /** All else that must not be, a sentence each. */
  readonly problems: string[];
}

/** What a kind of fault is tried with. */
export interface Trial {
  readonly runs: number;
  readonly seed: number;
  /** Told how far it has come. */
  readonly log?: (line: string) => void;
}

export const newTally = (kind: string, seed: number): Tally => ({
  ...{ kind, seed, tried: 0, acknowledged: 0, lost: 0, changed: 0, twice: 0, forked: 0, missed: 0 },
  problems: [],
});

export const isClean = ({ lost, changed, twice, forked, missed, problems }: Tally): boolean =>
  lost + changed + twice + forked + missed + problems.length === 0;

/** One line for a log: enough to do it again. */
export function lineOf({
  kind,
  seed,
  tried,
  acknowledged,
  lost,
  changed,
  twice,
  forked,
  missed,
  problems,
}: Tally): string {
  const figures = `${tried} tried, ${acknowledged} samples acknowledged, ${lost} lost, ${changed} changed, ${twice} stored twice`;
  const rest = `${forked} versions forked, ${missed} predictions missed`;
  return [`${kind} (seed ${seed}): ${figures}, ${rest}`, ...problems].join('\n  ');
}
