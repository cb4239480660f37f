import type { ParameterSet } from '@renorm/protocol';
import type { Environment } from '../../models/environment.js';

/** One model's part of a cohort's state. */
export interface LearnerState {
  /** gamma, beta, running mean and running variance of every layer. */
  readonly parameters: ParameterSet;
  /** SGD velocity of gamma and beta; empty before the first step. */
  readonly velocities: ParameterSet;
}

/** All that adaptation remembers of a cohort, besides its samples. Plain data: it is stored and read back as it is. */
export interface CohortState {
  readonly edge: LearnerState;
  readonly foundation: LearnerState;
  /** Steps done, idle ones included. */
  readonly steps: number;
  /** Idle steps since the last one with new samples. */
  readonly idleSteps: number;
  /**
   * What the samples of the present environment look like; undefined before the first step, and where the model cannot
   * tell.
   */
  readonly environment: Environment | undefined;
  /** Position of the first sample of the present environment: older ones are not replayed. */
  readonly since: number;
  /** Versions in a row that the gate did not let out. */
  readonly refused: number;
  /** State of the generator that draws from the replay buffer. */
  readonly random: number;
}

/** The state of a cohort that has learnt nothing. */
export function freshState(edge: ParameterSet, foundation: ParameterSet): CohortState {
  const learner = (parameters: ParameterSet): LearnerState => ({ parameters, velocities: new Map() });
  return {
    edge: learner(edge),
    foundation: learner(foundation),
    steps: 0,
    idleSteps: 0,
    environment: undefined,
    since: 0,
    refused: 0,
    random: 0,
  };
}
