import { type OnnxModel, parameterKey, pooledMoments, readParameters, readSourceMoments } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import type { Batch } from '../../models/batch.js';
import { effectiveCount } from '../../models/robust.js';
import type { Features } from '../../models/sample-weights.js';
import { features, StatisticsSession } from '../../models/statistics-session.js';
import { type PooledLayer, pooledParameters, type SourceMoments } from './pooled-statistics.js';

/** Statistics of a pool of samples as parameters of the edge model: forward passes, no gradient. */
export class Pooler {
  readonly exported: ParameterSet;
  readonly #pooled: StatisticsSession;
  readonly #running: StatisticsSession;
  readonly #source: SourceMoments;

  private constructor(model: OnnxModel, pooled: StatisticsSession, running: StatisticsSession, source: SourceMoments) {
    this.exported = readParameters(model);
    this.#pooled = pooled;
    this.#running = running;
    this.#source = source;
  }

  /**
   * @param shape of one sample
   * @param source moments of what was folded; see pooledParameters
   * @throws OnnxError ONNX_NO_NORMALIZATION
   */
  static async create(
    model: OnnxModel,
    shape: readonly number[],
    options: { readonly threads: number },
    source: SourceMoments = readSourceMoments(model),
  ): Promise<Pooler> {
    const pooled = await StatisticsSession.create(model, shape, options, 'pooled');
    return new Pooler(model, pooled, await StatisticsSession.create(model, shape, options, 'running'), source);
  }

  /** What the exported model sees of each sample. */
  async features(samples: Batch): Promise<Features> {
    return features(await this.#running.run(this.exported, samples), this.exported);
  }

  /**
   * Parameters that normalise by the pool, mixed with those of the source by how many samples the pool is worth.
   *
   * @param weights of the samples; see sampleWeights
   * @param prior samples that the source is worth; see priorSamples
   * @throws RenormError MODEL_MISMATCH: as pooledParameters
   */
  async pool(samples: Batch, weights: Float64Array, prior?: number): Promise<ParameterSet> {
    return this.parameters(await this.moments(samples, weights), effectiveCount(weights), prior);
  }

  /** What every layer sees of the samples, normalising by them. */
  async moments(samples: Batch, weights: Float64Array): Promise<PooledLayer[]> {
    const { layers } = await this.#pooled.run(this.#targets(), samples, weights);
    return layers.map((layer) => ({ name: layer.name, kind: layer.kind, moments: pooledMoments(layer, weights) }));
  }

  /**
   * @param count samples that the moments are worth
   *
   * @param prior samples that the source is worth @throws RenormError MODEL_MISMATCH: as pooledParameters
   */
  parameters(layers: readonly PooledLayer[], count: number, prior?: number): ParameterSet {
    return pooledParameters(this.exported, layers, count, this.#source, prior);
  }

  async release(): Promise<void> {
    await Promise.all([this.#pooled.release(), this.#running.release()]);
  }

  /** The exported parameters; of a scale and shift, deviation and mean that its output had in the source. */
  #targets(): ParameterSet {
    const targets = new Map(this.exported);
    for (const [name, { mean, variance }] of this.#source) {
      targets.set(parameterKey({ name }, 'gamma'), variance.map(Math.sqrt));
      targets.set(parameterKey({ name }, 'beta'), mean);
    }
    return targets;
  }
}
