import type { ParameterSet } from '@renorm/protocol';
import type { TrainingSamples } from '../models/training-samples.js';

/** What could become a cohort's next version, and what it is judged against. */
export interface Candidate {
  readonly cohort: string;
  /** Of the edge model, as trained. */
  readonly parameters: ParameterSet;
  /** Of the version that devices run now; of the exported model before the first version. */
  readonly inForce: ParameterSet;
  /** Of the exported model. */
  readonly exported: ParameterSet;
  /** Samples of the same environment that nothing has learnt from. */
  readonly heldOut: TrainingSamples;
  /**
   * The latest samples of the cohort, of whatever environment, what was learnt from among them, in the order in which
   * they came.
   */
  readonly recent?: TrainingSamples;
  /** Position behind the last sample that was trained on. */
  readonly trained: number;
}

/** What the gate says, and why: for a log, in words. */
export type Verdict =
  | { readonly decision: 'publish'; readonly reason: string }
  /** The version in force stays. Training goes on from the candidate. */
  | { readonly decision: 'keep'; readonly reason: string }
  /** The version in force is the worse one: these parameters are published, and training begins anew from them. */
  | { readonly decision: 'go back'; readonly reason: string; readonly parameters: ParameterSet };

/** Judges each version before it is published, whatever strategy made it. */
export interface Gate {
  /** Samples to judge each version by. 0: none is held out, and strategies learn from all. */
  readonly heldOut: number;
  judge(candidate: Candidate): Promise<Verdict>;
}

/** Publishes everything. */
export const OPEN_GATE: Gate = {
  heldOut: 0,
  judge: async () => ({ decision: 'publish', reason: 'no gate' }),
};
