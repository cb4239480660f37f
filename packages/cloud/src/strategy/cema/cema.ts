import type { ParameterSet } from '@renorm/protocol';
import type { ModelPair } from '../../models/model-facts.js';
import type { Batches, LogView, Plan, Strategy, StrategyStep, Work } from '../strategy.js';
import { Adaptation } from './adaptation.js';
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

/**
 * The published method (Chen et al., ICLR 2024, arXiv 2402.17316): a foundation model adapted by its entropy is distilled into the edge model,
 * on new samples and replayed ones, and on replayed ones alone while no new ones come.
 */
export class Cema implements Strategy<CohortState> {
  readonly name = 'cema';
  readonly #adaptation: Adaptation;
  readonly #options: AdaptationOptions;

  private constructor(adaptation: Adaptation) {
    this.#adaptation = adaptation;
    this.#options = adaptation.options;
  }

  /** @throws OnnxError, RenormError REQUEST_INVALID: an option */
  static async open({ models, options, threads }: CemaSetup): Promise<Cema> {
    return new Cema(await Adaptation.create({ models, ...(options && { options }), threads }));
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
    const window = replayWindow(trained, this.#options);
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

  async step({ kind, state }: Plan<CohortState>, { fresh, replay }: Batches): Promise<StrategyStep<CohortState>> {
    const step =
      kind === 'fresh'
        ? await this.#adaptation.step(state, fresh, replay)
        : await this.#adaptation.idleStep(state, replay);
    return { ...step, steps: step.state.steps, parameters: step.state.edge.parameters };
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

  release(): Promise<void> {
    return this.#adaptation.release();
  }
}
