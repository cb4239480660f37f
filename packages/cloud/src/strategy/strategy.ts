import type { ParameterSet, SketchFormat } from '@renorm/protocol';
import type { TrainingSamples } from '../models/training-samples.js';

/** How far a cohort's log is, in positions that count from 0 for ever. */
export interface LogView {
  /** Behind the newest sample. */
  readonly received: number;
  /** Behind the last sample that was trained on. */
  readonly trained: number;
  /** Whether a sketch is among the samples that were not trained on, for a strategy that learns from them. */
  readonly sketched?: boolean;
}

/** What there is to do for a cohort: a step on new samples, one on old samples alone, or nothing until more arrive. */
export type Work = 'fresh' | 'idle' | 'none';

/** A step that a strategy wants to make. */
export interface Plan<State> {
  readonly kind: Exclude<Work, 'none'>;
  /** Positions of the samples to read: new ones, and ones that were trained on before. */
  readonly fresh: readonly number[];
  readonly replay: readonly number[];
  /** Position behind the last sample that counts as trained on, whether the step succeeds or fails. */
  readonly trained: number;
  /** The state before the step, with what the plan has drawn from its generator. Kept even where the step fails. */
  readonly state: State;
  /** No idle step follows this one: what it learns is to be published now. */
  readonly last?: boolean;
}

/** The samples of a plan. Those that could not be read are missing. */
export interface Batches {
  readonly fresh: TrainingSamples;
  readonly replay: TrainingSamples;
}

/** A step that was made. */
export interface StrategyStep<State> {
  readonly state: State;
  /** Steps of this cohort so far. */
  readonly steps: number;
  /** Of the edge model: what a version would bring to the devices. */
  readonly parameters: ParameterSet;
  /** Of the foundation model's own step, where the strategy makes one. */
  readonly foundationLoss?: number | undefined;
  /** Of the edge model's step, where it has a loss. */
  readonly edgeLoss?: number | undefined;
  /** Samples that the edge model learnt from. */
  readonly samples: number;
  /**
   * Position of the first sample of the present environment, where the strategy tells environments apart: older ones do
   * not judge it.
   */
  readonly since?: number;
}

/**
 * A way to adapt a cohort's edge model. State in, state out: nothing of a cohort is kept inside, so that one strategy
 * serves any number of cohorts, and what it does depends on state and samples alone. It knows no store, no clock and no
 * device.
 *
 * Its sessions block the thread that calls them while they run.
 */
export interface Strategy<State> {
  /** As in `--strategy`; written beside each state. */
  readonly name: string;
  /** What a sketch has to be that it learns from; without it sketches are passed over. */
  readonly sketches?: SketchFormat | undefined;
  /** A cohort that has learnt nothing. @param seed of what the strategy draws */
  initial(seed: number): State;
  /** From the log alone, so that asking costs nothing: the state is read when it is this cohort's turn. */
  work(log: LogView): Work;
  /** The next step; undefined where there is none after all. */
  plan(state: State, log: LogView): Plan<State> | undefined;
  /** @throws RenormError TRAINER_FAILED: the plan's state is still good */
  step(plan: Plan<State>, batches: Batches): Promise<StrategyStep<State>>;
  /**
   * The state of a cohort whose devices are to run these parameters of the edge model from now on: after a rollback.
   */
  restart(state: State, parameters: ParameterSet): State;
  /**
   * The state after the gate has judged a step's version, for a strategy whose next step begins where that one ended:
   * without this, training goes on from what was refused.
   *
   * @param inForce the edge model's parameters that devices run where it was refused; undefined where it went out
   */
  judged?(state: State, inForce: ParameterSet | undefined): State;
  encode(state: State): Uint8Array;
  /** @throws RenormError DATA_DAMAGED */
  decode(bytes: Uint8Array): State;
  /** Samples before this position are not read any more. */
  keepFrom(trained: number): number;
  /** Ends its sessions. */
  release(): Promise<void>;
}
