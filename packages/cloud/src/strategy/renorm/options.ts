/** Constants of the strategy. */
export interface RenormOptions {
  /** Gradient steps for a version. 0: statistics alone. */
  readonly steps: number;
  /** Samples of one gradient step. */
  readonly batch: number;
  /** SGD, as CEMA's on its edge model (Chen et al. 2024). */
  readonly learningRate: number;
  readonly momentum: number;
  /** A pool that is worth fewer samples than these is not distilled from. */
  readonly fewest: number;
  /**
   * A candidate further from the source has to disagree less with the teacher than one nearer, by this share of the
   * samples.
   */
  readonly margin: number;
  /** To leave the source, by this over the root of how many samples choose: what few say may be chance. */
  readonly sourceMargin: number;
}

export const RENORM_DEFAULTS: RenormOptions = {
  steps: 6,
  batch: 32,
  learningRate: 2.5e-3,
  momentum: 0.9,
  fewest: 14,
  margin: 0.01,
  sourceMargin: 0.1,
};
