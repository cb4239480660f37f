import { normalizationLayers, sketchedLayers } from '@renorm/onnx';
import { type ParameterSet, RenormError, type SketchFormat } from '@renorm/protocol';
import { joinBatches } from '../../models/batch.js';
import { environmentOf, shiftBetween } from '../../models/environment.js';
import type { Models } from '../../models/model-facts.js';
import { effectiveCount } from '../../models/robust.js';
import { cappedByDevice, sampleWeights } from '../../models/sample-weights.js';
import { sketchFormat } from '../../models/sketch-format.js';
import type { SampleOrigin } from '../../models/training-samples.js';
import type { Batches, LogView, Plan, Strategy, StrategyStep, Work } from '../strategy.js';
import { STATISTICS_DEFAULTS, type StatisticsOptions } from './options.js';
import type { SourceMoments } from './pooled-statistics.js';
import { Pooler } from './pooler.js';
import { merged, type SketchPool, sketchPool } from './sketch-pool.js';
import { decodeState, encodeState, type StatisticsState } from './state.js';

/** What the strategy is opened with. */
export interface StatisticsSetup {
  readonly models: Pick<Models, 'edge' | 'sampleShape' | 'classes'>;
  /** Threads for one operator. */
  readonly threads: number;
  readonly options?: Partial<StatisticsOptions>;
  /** Moments on clean data, of layers that were folded when the model was exported. */
  readonly source?: SourceMoments;
}

/**
 * Pooled statistics: the latest samples go through the edge model once, every layer normalising by the pool, and what it normalised by, mixed
 * with the exported statistics, becomes the version. No foundation model, no gradient.
 *
 * Batch statistics: Nado et al. 2020, Schneider et al. 2020 (mixed with the source by a number of pseudo-samples).
 */
export class Statistics implements Strategy<StatisticsState> {
  readonly name = 'statistics';
  readonly sketches: SketchFormat | undefined;
  readonly #sketched: readonly string[];
  readonly #pooler: Pooler;
  readonly #options: StatisticsOptions;

  private constructor(pooler: Pooler, models: StatisticsSetup['models'], options: StatisticsOptions) {
    this.sketches = sketchFormat(models);
    this.#sketched = sketchedLayers(models.edge).map(({ name }) => name);
    this.#pooler = pooler;
    this.#options = options;
  }

  /** @throws OnnxError; RenormError MODEL_MISMATCH: no layer of the edge model has statistics of a batch that are known */
  static async open({ models, threads, options, source = new Map() }: StatisticsSetup): Promise<Statistics> {
    const { edge, sampleShape } = models;
    const layers = normalizationLayers(edge);
    const unknown = layers.find(({ kind, name }) => kind === 'ScaleShift' && !source.has(name));
    if (unknown !== undefined) throw folded(edge.name, unknown.name);
    if (layers.every(({ kind }) => kind !== 'BatchNormalization' && kind !== 'ScaleShift'))
      throw withoutStatistics(edge.name);
    const pooler = await Pooler.create(edge, sampleShape, { threads }, source);
    return new Statistics(pooler, models, { ...STATISTICS_DEFAULTS, ...options });
  }

  initial(): StatisticsState {
    return { parameters: this.#pooler.exported, since: 0, steps: 0 };
  }

  work({ received, trained, sketched }: LogView): Work {
    return received - trained >= this.#options.samplesPerStep || sketched === true ? 'fresh' : 'none';
  }

  plan(state: StatisticsState, log: LogView): Plan<StatisticsState> | undefined {
    const { samplesPerStep, poolSize } = this.#options;
    const { received, trained } = log;
    if (this.work(log) === 'none') return undefined;
    const end = Math.min(received, trained + samplesPerStep);
    const from = Math.max(state.since, end - poolSize, 0);
    return { kind: 'fresh', fresh: positions(trained, end), replay: positions(from, trained), trained: end, state };
  }

  async step(plan: Plan<StatisticsState>, { fresh, replay }: Batches): Promise<StrategyStep<StatisticsState>> {
    const { state, fresh: planned } = plan;
    const sketches = [...(replay.sketches ?? []), ...(fresh.sketches ?? [])];
    const pool = sketchPool(sketches, this.#pooler.exported, this.#sketched, this.#options.poolSize);
    if (pool !== undefined) return this.#withSketches(plan, { fresh, replay }, pool);
    const seen = await this.#pooler.features(joinBatches(fresh, replay));
    const weigh = (features: typeof seen, origins: readonly SampleOrigin[]): Float64Array =>
      cappedByDevice(
        sampleWeights(features),
        origins.map(({ device }) => device),
      );
    const [freshSeen, replaySeen] = [seen.slice(0, fresh.count), seen.slice(fresh.count)];
    const began = this.#changed(
      weigh(freshSeen, fresh.origins),
      freshSeen,
      weigh(replaySeen, replay.origins),
      replaySeen,
    );
    const samples = began ? fresh : joinBatches(fresh, replay);
    const weights = began ? weigh(freshSeen, fresh.origins) : weigh(seen, [...fresh.origins, ...replay.origins]);
    // Where most of the first samples count for nothing, those that are left say too little.
    const enough = effectiveCount(weights) >= FEWEST;
    const parameters = enough
      ? await this.#pooler.pool(samples, weights)
      : began
        ? this.#pooler.exported
        : state.parameters;
    const first = planned[0] ?? state.since;
    const since = began ? first : Math.min(first, state.since);
    const steps = state.steps + 1;
    return { state: { parameters, since, steps }, steps, parameters, samples: samples.count, since };
  }

  restart(state: StatisticsState, parameters: ParameterSet): StatisticsState {
    // What was pooled led to what is taken back: the samples that come next begin a pool of their own, wherever they are.
    return { parameters, since: Number.MAX_SAFE_INTEGER, steps: state.steps };
  }

  encode(state: StatisticsState): Uint8Array {
    return encodeState(state);
  }

  decode(bytes: Uint8Array): StatisticsState {
    return decodeState(bytes, this.#pooler.exported);
  }

  keepFrom(trained: number): number {
    return Math.max(0, trained - KEPT_POOLS * this.#options.poolSize);
  }

  release(): Promise<void> {
    return this.#pooler.release();
  }

  /** Sketches and images together, each worth as many samples as it has images. Sketches say where an environment began. */
  async #withSketches(
    { state, fresh: planned }: Plan<StatisticsState>,
    { fresh, replay }: Batches,
    { parts, began }: SketchPool,
  ): Promise<StrategyStep<StatisticsState>> {
    const images = began === undefined ? joinBatches(fresh, replay) : fresh;
    const origins = began === undefined ? [...fresh.origins, ...replay.origins] : fresh.origins;
    const all = [...parts];
    if (images.count >= FEWEST) {
      const devices = origins.map(({ device }) => device);
      const weights = cappedByDevice(sampleWeights(await this.#pooler.features(images)), devices);
      const layers = (await this.#pooler.moments(images, weights)).map(({ moments }) => moments);
      all.push({ layers, count: effectiveCount(weights) });
    }
    const count = all.reduce((sum, part) => sum + part.count, 0);
    const parameters = this.#pooler.parameters(merged(all, this.#sketched), count);
    const since = Math.min(began ?? state.since, planned[0] ?? state.since);
    const steps = state.steps + 1;
    return {
      ...{ state: { parameters, since: began ?? since, steps }, steps, parameters },
      ...{ samples: Math.round(count), since: began ?? since },
    };
  }

  /** Whether the new samples come from another environment than the pool. */
  #changed(
    freshWeights: Float64Array,
    fresh: readonly Float64Array[],
    poolWeights: Float64Array,
    pool: readonly Float64Array[],
  ): boolean {
    if (fresh.length === 0 || pool.length < this.#options.samplesPerStep / 2) return false;
    const [now, before] = [environmentOf(fresh, freshWeights), environmentOf(pool, poolWeights)];
    return shiftBetween({ ...now, variance: before.variance }, before) > this.#options.shift;
  }
}

/** A pool that is worth fewer samples than these changes nothing. */
const FEWEST = 5;

/** Held-out samples of the gate are among those that are kept. */
const KEPT_POOLS = 3;

const positions = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

function folded(model: string, layer: string): RenormError {
  return new RenormError(
    'MODEL_MISMATCH',
    `the strategy statistics cannot adapt ${model}: its BatchNormalization was folded into "${layer}" when it was exported, and the statistics on clean data are not in the file. Export it without folding (torch.onnx.export with do_constant_folding=False and training=TrainingMode.PRESERVE, of a model in eval mode), or take the strategy cema.`,
  );
}

function withoutStatistics(model: string): RenormError {
  return new RenormError(
    'MODEL_MISMATCH',
    `the strategy statistics cannot adapt ${model}: its layers normalise each sample by itself, and have no statistics. Take the strategy cema, which adapts scale and shift with a foundation model (--strategy cema --foundation-model FILE).`,
  );
}
