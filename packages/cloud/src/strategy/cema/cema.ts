import type { ParameterSet } from '@renorm/protocol';
import type { Batch } from '../../models/batch.js';
import type { ModelPair } from '../../models/model-facts.js';
import { SampleObserver } from '../../models/sample-observer.js';
import { NO_SAMPLES } from '../../models/training-samples.js';
import type { Batches, LogView, Plan, Strategy, StrategyStep, Work } from '../strategy.js';
import { Adaptation, type Step } from './adaptation.js';
import type { AdaptationOptions } from './options.js';
import { drawIdle, drawReplay, replayWindow } from './replay.js';
import { type CohortState, freshState } from './state.js';
import { decodeState, encodeState } from './state-codec.js';

/** What the strategy is opened with. */
export interface CemaSetup {
  readonly models: ModelPair;
  readonly options?: Partial<AdaptationOptions>;
  /** Threads for one operator. */
  readonly threads: number;
}

/** After so many versions that the gate did not let out, training begins anew from the one in force. */
const REFUSED_IN_A_ROW = 3;

/**
 * The published method (Chen et al., ICLR 2024, arXiv 2402.17316): a foundation model adapted by its entropy is
 * distilled into the edge model, on new samples and replayed ones, and on replayed ones alone while no new ones come.
 */
export class Cema implements Strategy<CohortState> {
  readonly name = 'cema';
  readonly #adaptation: Adaptation;
  readonly #options: AdaptationOptions;
  readonly #observer: SampleObserver;

  private constructor(adaptation: Adaptation, observer: SampleObserver) {
    this.#adaptation = adaptation;
    this.#options = adaptation.options;
    this.#observer = observer;
  }

  /** @throws OnnxError, RenormError REQUEST_INVALID: an option */
  static async open({ models, options, threads }: CemaSetup): Promise<Cema> {
    const adaptation = await Adaptation.create({ models, ...(options && { options }), threads });
    return new Cema(adaptation, await SampleObserver.open(models.edge, models.sampleShape, threads));
  }

  initial(seed: number): CohortState {
    return this.#adaptation.initialState(seed);
  }

  work({ received, trained }: LogView): Work {
    if (received - trained >= this.#options.samplesPerStep) return 'fresh';
    return drawIdle(replayWindow(trained, this.#options), 0, this.#options).positions.length > 0 ? 'idle' : 'none';
  }

  plan(state: CohortState, { received, trained }: LogView): Plan<CohortState> | undefined {
    const { samplesPerStep, idleReplaySteps } = this.#options;
    const kept = replayWindow(trained, this.#options);
    const window = { from: Math.max(kept.from, Math.min(state.since, kept.to)), to: kept.to };
    if (received - trained >= samplesPerStep) {
      const drawn = drawReplay(window, state.random, this.#options);
      const fresh = Array.from({ length: samplesPerStep }, (_, i) => trained + i);
      const after = { trained: trained + samplesPerStep, state: { ...state, random: drawn.random, idleSteps: 0 } };
      return { kind: 'fresh', fresh, replay: drawn.positions, ...after };
    }
    const drawn = drawIdle(window, state.random, this.#options);
    if (drawn.positions.length === 0 || state.idleSteps >= idleReplaySteps) return undefined;
    const next = { ...state, random: drawn.random, idleSteps: state.idleSteps + 1 };
    const last = next.idleSteps >= idleReplaySteps;
    return { kind: 'idle', fresh: [], replay: drawn.positions, trained, state: next, last };
  }

  async step(plan: Plan<CohortState>, batches: Batches): Promise<StrategyStep<CohortState>> {
    const { fresh, replay, environment, changed } = await this.#observer.observe(batches, plan.state.environment);
    const first = plan.fresh[0] ?? plan.state.since;
    // What was learnt in another environment is worth less here than what was exported.
    const state = changed ? { ...this.initial(plan.state.random), steps: plan.state.steps, since: first } : plan.state;
    const before = { ...state, environment };
    const step = await this.#learn(before, fresh, changed ? NO_SAMPLES : replay);
    return { ...step, steps: step.state.steps, parameters: step.state.edge.parameters, since: state.since };
  }

  /** A step on what may be learnt from; where that is nothing, the state is as it was. */
  async #learn(state: CohortState, fresh: Batch, replay: Batch): Promise<Omit<Step, 'foundationLoss'> & Partial<Step>> {
    if (fresh.count > 0) return this.#adaptation.step(state, fresh, replay);
    if (replay.count > 0) return this.#adaptation.idleStep(state, replay);
    return { state, edgeLoss: 0, samples: 0 };
  }

  judged(state: CohortState, inForce: ParameterSet | undefined): CohortState {
    if (inForce === undefined) return { ...state, refused: 0 };
    const refused = state.refused + 1;
    // A step or two may lead through what a gate does not like; from further on nothing comes back by itself.
    return refused < REFUSED_IN_A_ROW ? { ...state, refused } : { ...this.restart(state, inForce), since: state.since };
  }

  restart(state: CohortState, parameters: ParameterSet): CohortState {
    // The foundation model begins anew: what it had become led to what is taken back.
    const fresh = this.initial(state.random);
    return { ...fresh, steps: state.steps, edge: { parameters, velocities: new Map() } };
  }

  encode(state: CohortState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): CohortState {
    const { edge, foundation } = this.initial(0);
    return decodeState(bytes, freshState(edge.parameters, foundation.parameters));
  }

  keepFrom(trained: number): number {
    return replayWindow(trained, this.#options).from;
  }

  async release(): Promise<void> {
    await Promise.all([this.#adaptation.release(), this.#observer.release()]);
  }
}
