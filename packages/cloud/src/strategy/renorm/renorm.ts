import { readParameters } from '@renorm/onnx';
import type { ParameterSet, SketchFormat } from '@renorm/protocol';
import { type Models, pairOf } from '../../models/model-facts.js';
import { effectiveCount } from '../../models/robust.js';
import { Statistics, sketchesOf } from '../statistics/statistics.js';
import type { Batches, LogView, Plan, Strategy, StrategyStep, Work } from '../strategy.js';
import { Distiller } from './distiller.js';
import { RENORM_DEFAULTS, type RenormOptions } from './options.js';
import { decodeState, encodeState, type RenormState } from './state.js';

/** What the strategy is opened with. */
export interface RenormSetup {
  /** Without a foundation model it is pooled statistics. */
  readonly models: Models;
  /** Threads for one operator. */
  readonly threads: number;
  readonly options?: Partial<RenormOptions>;
}

/**
 * Statistics first: both models take the statistics of the latest uploads. Then a few gradient steps on the edge model's affines towards the foundation
 * model, with the statistics held fixed. How far to go, uploads that no gradient was taken on decide: the source, the statistics alone, half of the
 * way and all of it are candidates.
 */
export class Renorm implements Strategy<RenormState> {
  readonly name = 'renorm';
  readonly #statistics: Statistics;
  readonly #distiller: Distiller | undefined;
  readonly #exported: ParameterSet;
  readonly #options: RenormOptions;

  private constructor(
    statistics: Statistics,
    distiller: Distiller | undefined,
    exported: ParameterSet,
    options: RenormOptions,
  ) {
    this.#statistics = statistics;
    this.#distiller = distiller;
    this.#exported = exported;
    this.#options = options;
  }

  /** @throws OnnxError; RenormError MODEL_MISMATCH: no layer of the edge model has statistics of a batch that are known */
  static async open({ models, threads, options: given }: RenormSetup): Promise<Renorm> {
    const options = { ...RENORM_DEFAULTS, ...given };
    const pair = options.steps === 0 ? undefined : pairOf(models);
    const statistics = await Statistics.open({ models, threads });
    const distiller = pair && (await Distiller.open(pair, options, threads));
    return new Renorm(statistics, distiller, readParameters(models.edge), options);
  }

  get sketches(): SketchFormat | undefined {
    return this.#statistics.sketches;
  }

  initial(): RenormState {
    return { statistics: this.#statistics.initial(), distilled: this.#exported };
  }

  work(log: LogView): Work {
    return this.#statistics.work(log);
  }

  plan(state: RenormState, log: LogView): Plan<RenormState> | undefined {
    const plan = this.#statistics.plan(state.statistics, log);
    return plan && { ...plan, state: { ...state, statistics: plan.state } };
  }

  async step({ state, ...plan }: Plan<RenormState>, batches: Batches): Promise<StrategyStep<RenormState>> {
    const planned = { ...plan, state: state.statistics };
    if (sketchesOf(batches).length > 0) {
      // A cohort that sends sketches sends few images or none: there is nothing to distil from.
      const step = await this.#statistics.step(planned, batches);
      return { ...step, state: { statistics: step.state, distilled: this.#exported } };
    }
    const settled = await this.#statistics.settle(planned, batches);
    const { pool, state: statistics } = settled;
    const { steps, since, parameters } = statistics;
    const from = pool.began ? this.#exported : state.distilled;
    const report = { steps, since, samples: pool.samples.count };
    if (this.#distiller === undefined || !pool.settled || effectiveCount(pool.weights) < this.#options.fewest)
      return { state: { statistics, distilled: from }, parameters, ...report };
    const distilled = await this.#distiller.distil(pool, parameters, from, this.#exported, since + steps);
    const { chosen, eager, loss } = distilled;
    return { state: { statistics, distilled: eager }, parameters: chosen.parameters, edgeLoss: loss, ...report };
  }

  restart(state: RenormState, parameters: ParameterSet): RenormState {
    return { statistics: this.#statistics.restart(state.statistics, parameters), distilled: this.#exported };
  }

  encode(state: RenormState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): RenormState {
    return decodeState(bytes, this.#exported);
  }

  keepFrom(trained: number): number {
    return this.#statistics.keepFrom(trained);
  }

  async release(): Promise<void> {
    await this.#statistics.release();
    await this.#distiller?.release();
  }
}
