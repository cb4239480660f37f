import type { FoundationVerdict } from '../models/foundation-verdict.js';
import type { Verdict } from '../publication/gate.js';

/** When a step's result becomes a version. */
export interface PublishingOptions {
  /** Every so many steps with new samples. Default: 1, every step. */
  readonly everySteps: number;
  /** While only replaying: at most one version in so many milliseconds. Default: 5,000. */
  readonly idleIntervalMs: number;
  /**
   * How far the predictions of a version as devices decode it may be from those of the parameters as trained: symmetric
   * Kullback-Leibler divergence in nats, mean over replayed samples. More makes shorter deltas. Default: 0.002.
   */
  readonly divergence: number;
}

/** A step that has been committed. */
export interface StepReport {
  readonly cohort: string;
  readonly step: number;
  readonly idle: boolean;
  /** undefined where the strategy takes no step on the foundation model. */
  readonly foundationLoss: number | undefined;
  /** undefined where the strategy has no loss. */
  readonly edgeLoss: number | undefined;
  /** Samples in the edge model's batch. */
  readonly samples: number;
  /** Samples received and not trained on yet. */
  readonly backlog: number;
  /** Duration of the step in milliseconds, the commit included. */
  readonly milliseconds: number;
  /** What the gate said of the result; undefined where it was not to be published. */
  readonly verdict: Pick<Verdict, 'decision' | 'reason'> | undefined;
  /** The version that it published. */
  readonly version: PublishedVersion | undefined;
  /** What the first samples of the cohort say of the foundation model, told once. */
  readonly foundation?: FoundationVerdict;
}

/** A version that went out. */
export interface PublishedVersion {
  readonly number: number;
  /** Of its delta. */
  readonly bytes: number;
  /**
   * Of the predictions from those of the parameters as trained, in nats; undefined where there was nothing to measure
   * with.
   */
  readonly divergence: number | undefined;
}
