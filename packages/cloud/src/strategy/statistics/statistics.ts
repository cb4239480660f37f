import { normalizationLayers, type OnnxModel, readSourceMoments, sketchedLayers } from '@renorm/onnx';
import { type ParameterSet, RenormError, type SketchFormat } from '@renorm/protocol';
import { rowsOf } from '../../models/batch.js';
import { type Environment, environmentOf, SOURCE, shiftBetween, shiftSince } from '../../models/environment.js';
import type { Models } from '../../models/model-facts.js';
import { effectiveCount } from '../../models/robust.js';
import { type Features, weightsFrom } from '../../models/sample-weights.js';
import { sketchFormat } from '../../models/sketch-format.js';
import { joinSamples, type SampleOrigin, type TrainingSamples } from '../../models/training-samples.js';
import type { Batches, LogView, Plan, Strategy, StrategyStep, Work } from '../strategy.js';
import { STATISTICS_DEFAULTS, type StatisticsOptions } from './options.js';
import { PRIOR_SAMPLES, priorSamples, type SourceMoments } from './pooled-statistics.js';
import { Pooler } from './pooler.js';
import { merged, type SketchPool, sketchPool } from './sketch-pool.js';
import { decodeState, encodeState, type StatisticsState } from './state.js';

/** What the strategy is opened with. */
export interface StatisticsSetup {
  readonly models: Pick<Models, 'edge' | 'sampleShape' | 'classes'>;
  /** Threads for one operator. */
  readonly threads: number;
  readonly options?: Partial<StatisticsOptions>;
  /** Moments on clean data, of layers that were folded when the model was exported. Default: those in the model's metadata. */
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
  static async open({ models, threads, options, source }: StatisticsSetup): Promise<Statistics> {
    const { edge, sampleShape } = models;
    const obstacle = source === undefined ? statisticsObstacle(edge) : obstacleWith(edge, source);
    if (obstacle !== undefined) throw obstacle;
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
    // All that waits at once: a trainer that is behind does not make versions that are old when they go out.
    const dozens = Math.floor((received - trained) / samplesPerStep);
    const end = dozens < 1 ? received : trained + dozens * samplesPerStep;
    const from = Math.max(state.since, end - poolSize, 0);
    const first = Math.max(trained, end - poolSize);
    return { kind: 'fresh', fresh: positions(first, end), replay: positions(from, first), trained: end, state };
  }

  async step(plan: Plan<StatisticsState>, batches: Batches): Promise<StrategyStep<StatisticsState>> {
    const { state, worth } = await this.settle(plan, batches);
    const { parameters, steps, since } = state;
    return { state, steps, parameters, samples: worth, since };
  }

  /** A step, with the images that it has settled on. */
  async settle(plan: Plan<StatisticsState>, batches: Batches): Promise<Settled> {
    const pool = sketchPool(sketchesOf(batches), this.#pooler.exported, this.#sketched, this.#options.poolSize);
    return pool === undefined ? this.#onImages(plan, batches) : this.#withSketches(plan, batches, pool);
  }

  async #onImages({ state, fresh: planned }: Plan<StatisticsState>, { fresh, replay }: Batches): Promise<Settled> {
    const both = joinSamples(fresh, replay);
    const seen = await this.#pooler.features(both);
    const rows = { pool: positions(fresh.count, both.count), began: false };
    for (let at = 0; at < fresh.count; at += this.#options.samplesPerStep) {
      const latest = positions(at, Math.min(at + this.#options.samplesPerStep, fresh.count));
      const changed = this.#changed(latest, rows.pool, (of) => ({
        features: of.map((row) => seen[row] as Float64Array),
        weights: weightsFrom(
          of.map((row) => seen[row] as Float64Array),
          of.map((row) => both.origins[row] as SampleOrigin),
        ),
      }));
      rows.pool = changed ? latest : [...rows.pool, ...latest];
      rows.began ||= changed;
    }
    const { pool, began } = rows;
    const origins = pool.map((row) => both.origins[row] as SampleOrigin);
    const samples = { ...rowsOf(both, pool), origins };
    const weights = weightsFrom(
      pool.map((row) => seen[row] as Float64Array),
      origins,
    );
    const settled = isEvidence(weights);
    const prior = priorSamples(
      shiftBetween(
        environmentOf(
          pool.map((row) => seen[row] as Float64Array),
          weights,
        ),
        SOURCE,
      ),
    );
    const parameters = settled
      ? await this.#pooler.pool(samples, weights, prior)
      : began
        ? this.#pooler.exported
        : state.parameters;
    const first = began ? Math.min(...origins.map(({ position }) => position)) : (planned[0] ?? state.since);
    const since = began ? first : Math.min(first, state.since);
    const steps = state.steps + 1;
    return {
      state: { parameters, since, steps },
      worth: samples.count,
      pool: { samples, weights, settled, began, prior },
    };
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
  ): Promise<Settled> {
    const images = began === undefined ? joinSamples(fresh, replay) : fresh;
    const all = [...parts];
    const weights =
      images.count === 0 ? new Float64Array() : weightsFrom(await this.#pooler.features(images), images.origins);
    if (images.count >= FEWEST) {
      const layers = (await this.#pooler.moments(images, weights)).map(({ moments }) => moments);
      all.push({ layers, count: effectiveCount(weights) });
    }
    const count = all.reduce((sum, part) => sum + part.count, 0);
    const parameters = this.#pooler.parameters(merged(all, this.#sketched), count);
    const since = began ?? Math.min(state.since, planned[0] ?? state.since);
    const steps = state.steps + 1;
    const pool = {
      samples: images,
      weights,
      settled: isEvidence(weights),
      began: began !== undefined,
      prior: PRIOR_SAMPLES,
    };
    return { state: { parameters, since, steps }, worth: Math.round(count), pool };
  }

  /** Whether the latest samples come from another environment than the pool. */
  #changed(
    latest: readonly number[],
    pool: readonly number[],
    known: (rows: readonly number[]) => { readonly features: Features; readonly weights: Float64Array },
  ): boolean {
    if (latest.length < this.#options.samplesPerStep / 2 || pool.length < this.#options.samplesPerStep / 2)
      return false;
    const [now, before] = [latest, pool].map((rows) => {
      const { features, weights } = known(rows);
      return environmentOf(features, weights);
    }) as [Environment, Environment];
    return before.count >= FEWEST_KNOWN && shiftSince(now, before) > this.#options.shift;
  }
}

/** The sketches among what was read. */
export const sketchesOf = ({ fresh, replay }: Batches): NonNullable<TrainingSamples['sketches']> => [
  ...(replay.sketches ?? []),
  ...(fresh.sketches ?? []),
];

/** Kept, because strategies and notes ask for it one after the other, and it goes through the whole graph. */
const OBSTACLES = new WeakMap<OnnxModel, RenormError | 'none'>();

/** Why the statistics of a model cannot be pooled; undefined where they can. As an error MODEL_MISMATCH. */
export function statisticsObstacle(edge: OnnxModel): RenormError | undefined {
  const found = OBSTACLES.get(edge) ?? obstacleWith(edge, readSourceMoments(edge)) ?? 'none';
  OBSTACLES.set(edge, found);
  return found === 'none' ? undefined : found;
}

function obstacleWith(edge: OnnxModel, source: SourceMoments): RenormError | undefined {
  const layers = normalizationLayers(edge);
  const unknown = layers.find(({ kind, name }) => kind === 'ScaleShift' && !source.has(name));
  if (unknown !== undefined) return folded(edge.name, unknown.name);
  const pooled = layers.some(({ kind }) => kind === 'BatchNormalization' || kind === 'ScaleShift');
  return pooled ? undefined : withoutStatistics(edge.name);
}

/** A pool that is worth fewer samples than these changes nothing. */
const FEWEST = 4;
/** One that is worth fewer is not known well enough to say that others are of another environment. */
const FEWEST_KNOWN = 8;
/** Nor does one of few samples of which less than this share counts: honest ones come to 0.86 and more, those with three quarters black, noise or negatives to 0.4. */
const LEAST_SHARE = 0.5;
/** From so many samples' worth on, what counts says enough, whatever came beside it. */
const ENOUGH = 24;

/** Whether what counts of a pool says enough: where most of the first samples count for nothing, those that are left say too little. */
function isEvidence(weights: Float64Array): boolean {
  const count = effectiveCount(weights);
  return count >= FEWEST && (count >= ENOUGH || count >= LEAST_SHARE * weights.length);
}

/** A step of statistics. */
export interface Settled {
  readonly state: StatisticsState;
  /** Samples that the statistics are worth. */
  readonly worth: number;
  readonly pool: Pool;
}

/** Samples that statistics were settled on. */
export interface Pool {
  readonly samples: TrainingSamples;
  readonly weights: Float64Array;
  /** Whether they say enough to change anything. */
  readonly settled: boolean;
  /** Whether they are the first ones of another environment than the last pool's. */
  readonly began: boolean;
  /** Samples that the exported statistics count as. See priorSamples. */
  readonly prior: number;
}

/** Held-out samples of the gate are among those that are kept. */
const KEPT_POOLS = 3;

const positions = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

function folded(model: string, layer: string): RenormError {
  return new RenormError(
    'MODEL_MISMATCH',
    `the strategy statistics cannot adapt ${model}: its BatchNormalization was folded into "${layer}" when it was exported, and the statistics on clean data are not in the file. Write them into it (renorm prepare --calibrate FOLDER, of clean images), export it without folding (torch.onnx.export with do_constant_folding=False and training=TrainingMode.PRESERVE, of a model in eval mode), or take the strategy cema.`,
  );
}

function withoutStatistics(model: string): RenormError {
  return new RenormError(
    'MODEL_MISMATCH',
    `the strategy statistics cannot adapt ${model}: its layers normalise each sample by itself, and have no statistics. Take the strategy cema, which adapts scale and shift with a foundation model (--strategy cema --foundation-model FILE).`,
  );
}
