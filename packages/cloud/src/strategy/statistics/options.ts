/** Constants of the strategy. */
export interface StatisticsOptions {
  /** New samples for one step: a version after the first dozen, and after every dozen from then on. */
  readonly samplesPerStep: number;
  /** Samples of one pool, the new ones among them. */
  readonly poolSize: number;
  /** The environment has changed when new samples are so far from the pool. See shiftSince. */
  readonly shift: number;
}

export const STATISTICS_DEFAULTS: StatisticsOptions = { samplesPerStep: 12, poolSize: 128, shift: 0.5 };
