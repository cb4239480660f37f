import { normalizationLayers, type OnnxModel, parameterKey, type StatisticsModel, statisticsModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import type { Batch } from './batch.js';
import { createSession, parameterFeeds } from './session.js';

/** What a layer saw of each sample of a batch. */
export interface SampleMoments {
  /** The layer's name: keys of its parameters begin with it. */
  readonly name: string;
  readonly kind: 'BatchNormalization' | 'ScaleShift';
  readonly channels: number;
  /** Mean and mean square of each sample, from `origin`: float32 [samples, channels], row-major. */
  readonly means: Float32Array;
  readonly squares: Float32Array;
  /** float32 [channels] */
  readonly origin: Float32Array;
}

/** What a statistics model has measured. */
export interface Measured {
  /** float32 [samples, classes], row-major. */
  readonly logits: Float32Array;
  readonly layers: readonly SampleMoments[];
  readonly samples: number;
}

/** A graph that measures what each layer sees, in onnxruntime. It blocks the calling thread while it runs. */
export class StatisticsSession {
  readonly #model: StatisticsModel;
  readonly #session: InferenceSession;
  readonly #shape: readonly number[];

  private constructor(model: StatisticsModel, session: InferenceSession, shape: readonly number[]) {
    this.#model = model;
    this.#session = session;
    this.#shape = shape;
  }

  /**
   * @param shape of one sample
   * @param statistics pooled: each layer normalises by the weighted statistics of the batch; running: by those that it
   *   is given
   * @throws OnnxError ONNX_NO_NORMALIZATION: the model has no layer with statistics of a batch
   */
  static async create(
    model: OnnxModel,
    shape: readonly number[],
    { threads }: { readonly threads: number },
    statistics: 'pooled' | 'running',
  ): Promise<StatisticsSession> {
    const graph = statisticsModel(model, { statistics });
    const session = await createSession(graph.bytes, { threads });
    return new StatisticsSession(graph, session, shape);
  }

  /** As `create`; undefined where the model has no layer with statistics of a batch, exported or pooled. */
  static async openFor(...setup: Parameters<typeof StatisticsSession.create>): Promise<StatisticsSession | undefined> {
    const [model] = setup;
    return normalizationLayers(model).some(({ kind }) => kind === 'BatchNormalization')
      ? StatisticsSession.create(...setup)
      : undefined;
  }

  /**
   * @param weights of the samples, of any sum above 0; a sample of weight 0 changes nothing for the others. Default:
   * all alike
   */
  async run(parameters: ParameterSet, batch: Batch, weights?: Float64Array): Promise<Measured> {
    const model = this.#model;
    const feeds = parameterFeeds(model.parameterInputs, parameters);
    feeds[model.input] = new Tensor('float32', batch.data, [batch.count, ...this.#shape]);
    if (model.weights !== undefined) {
      const shares = Float32Array.from(normalized(weights ?? new Float64Array(batch.count).fill(1)));
      feeds[model.weights] = new Tensor('float32', shares, [batch.count]);
    }
    const outputs = await this.#session.run(feeds);
    const floats = (name: string): Float32Array => (outputs[name] as Tensor).data as Float32Array;
    const layers = model.layers.map(({ layer, means, squares, origin }) => ({
      name: layer.name,
      kind: layer.kind as SampleMoments['kind'],
      channels: layer.channels,
      means: floats(means),
      squares: floats(squares),
      origin,
    }));
    const logits = model.logits === undefined ? new Float32Array() : floats(model.logits);
    return { logits, layers, samples: batch.count };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** Weights of sum 1. */
function normalized(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Mean of each sample in each channel of each layer, in deviations of the exported model from its mean: what
 * `sampleWeights` takes.
 *
 * @param exported of the model that was measured
 */
export function features({ layers, samples }: Measured, exported: ParameterSet): Float64Array[] {
  const width = layers.reduce((sum, { channels }) => sum + channels, 0);
  const rows = Array.from({ length: samples }, () => new Float64Array(width));
  let at = 0;
  for (const { name, channels, means, squares } of layers) {
    const variance = exported.get(parameterKey({ name }, 'variance'));
    for (let c = 0; c < channels; c++, at++) {
      const scale = 1 / Math.sqrt((variance?.[c] ?? meanSquare(squares, c, channels)) + 1e-5);
      for (const [i, row] of rows.entries()) row[at] = (means[i * channels + c] as number) * scale;
    }
  }
  return rows;
}

/** Median over the samples of the mean square of a channel: where no variance was exported. */
function meanSquare(squares: Float32Array, channel: number, channels: number): number {
  const column = Float64Array.from(
    { length: squares.length / channels },
    (_, i) => squares[i * channels + channel] as number,
  ).sort();
  return column[column.length >> 1] ?? 0;
}
