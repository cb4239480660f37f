import { readParameters, trainingModel } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import { type Batch, joinBatches } from '../../models/batch.js';
import type { ModelPair } from '../../models/model-facts.js';
import { moveStatistics, sgdStep } from '../../models/optimizer.js';
import { ParametricSession, type StepResult, TrainingSession } from '../../models/session.js';
import { distillationLoss, entropyLoss, TARGET_LOGITS } from './losses.js';
import { type AdaptationOptions, adaptationOptions } from './options.js';
import { type CohortState, freshState, type LearnerState } from './state.js';

export interface AdaptationSetup {
  readonly models: ModelPair;
  readonly options?: Partial<AdaptationOptions>;
  /** Threads for one operator. Default: 1. */
  readonly threads?: number;
}

/** A step's outcome. */
export interface Step {
  readonly state: CohortState;
  /** Of the foundation step; undefined in an idle step. */
  readonly foundationLoss: number | undefined;
  /** Of the distillation. */
  readonly edgeLoss: number;
  /** Samples in the distillation's batch. */
  readonly samples: number;
}

/**
 * The published method, one step at a time: data in, data out. A state is never changed; a step returns the next one.
 *
 * Its sessions block the thread that calls them while they run, and serve any number of cohorts.
 */
export class Adaptation {
  readonly options: AdaptationOptions;
  readonly pair: ModelPair;
  readonly #foundationStep: TrainingSession;
  readonly #targets: ParametricSession;
  readonly #distillation: TrainingSession;

  private constructor(
    pair: ModelPair,
    options: AdaptationOptions,
    sessions: readonly [TrainingSession, ParametricSession, TrainingSession],
  ) {
    this.pair = pair;
    this.options = options;
    [this.#foundationStep, this.#targets, this.#distillation] = sessions;
  }

  /** @throws OnnxError, RenormError REQUEST_INVALID (options) */
  static async create({ models, options: given, threads = 1 }: AdaptationSetup): Promise<Adaptation> {
    const options = adaptationOptions(given);
    const { edge, foundation, foundationShape, sampleShape, classes } = models;
    const session = { threads };
    const foundationGraph = trainingModel(foundation, entropyLoss(classes, options));
    const edgeGraph = trainingModel(edge, distillationLoss(classes, options));
    return new Adaptation(models, options, [
      await TrainingSession.create(foundationGraph, foundationShape, session),
      await ParametricSession.create(foundation, foundationShape, session),
      await TrainingSession.create(edgeGraph, sampleShape, session),
    ]);
  }

  /** A cohort that has learnt nothing yet: both models as exported. */
  initialState(seed = 1): CohortState {
    const { edge, foundation } = this.pair;
    return { ...freshState(readParameters(edge), readParameters(foundation)), random: seed };
  }

  /**
   * Steps 1 to 3: the foundation model takes one entropy step on the new samples; with the affines that come out of it,
   * it gives the targets for new and replayed samples; the edge model takes one step towards them.
   *
   * @throws RenormError TRAINER_FAILED: a value that is not finite came out; `state` is still good
   */
  async step(state: CohortState, fresh: Batch, replay: Batch): Promise<Step> {
    const { foundationLearningRate } = this.options;
    const result = await this.#foundationStep.run(state.foundation.parameters, this.#forFoundation(fresh));
    const foundation = this.#learn(state.foundation, result, foundationLearningRate, 'foundation');
    const step = await this.idleStep({ ...state, foundation }, joinBatches(fresh, replay));
    return { ...step, foundationLoss: result.loss };
  }

  /**
   * Step 3 alone: the edge model takes one step on these samples towards the foundation model as it is.
   *
   * @throws as step
   */
  async idleStep(state: CohortState, samples: Batch): Promise<Step> {
    const targets = await this.#targets.logits(state.foundation.parameters, this.#forFoundation(samples));
    const given = new Map([[TARGET_LOGITS, targets]]);
    const result = await this.#distillation.run(state.edge.parameters, samples, given);
    const edge = this.#learn(state.edge, result, this.options.edgeLearningRate, 'edge');
    return {
      state: { ...state, edge, steps: state.steps + 1 },
      foundationLoss: undefined,
      edgeLoss: result.loss,
      samples: samples.count,
    };
  }

  #forFoundation(samples: Batch): Batch {
    return this.pair.view?.batch(samples) ?? samples;
  }

  async release(): Promise<void> {
    const sessions = [this.#foundationStep, this.#targets, this.#distillation];
    await Promise.all(sessions.map((session) => session.release()));
  }

  #learn(
    learner: LearnerState,
    { loss, gradients, statistics }: StepResult,
    learningRate: number,
    who: string,
  ): LearnerState {
    const { momentum, statisticsMomentum } = this.options;
    const step = sgdStep(learner.parameters, learner.velocities, gradients, { learningRate, momentum });
    const parameters = moveStatistics(step.parameters, statistics, statisticsMomentum);
    for (const [key, values] of parameters) {
      if (values.every(Number.isFinite) && Number.isFinite(loss)) continue;
      throw new RenormError(
        'TRAINER_FAILED',
        `the ${who} model's step gave a value that is not finite (loss ${loss}, "${key}"); the step was dropped. Lower its learning rate if this comes often.`,
      );
    }
    return { parameters, velocities: step.velocities };
  }
}
