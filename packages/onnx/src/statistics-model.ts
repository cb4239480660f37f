import { OnnxError } from './errors.js';
import { exportGraph } from './graph/export-graph.js';
import type { Value } from './graph/types.js';
import { importGraph } from './import/import-graph.js';
import { normalizationLayers } from './layers/find-layers.js';
import { describeLayer, type NormalizationLayer } from './layers/layer.js';
import { type LayerMoments, SAMPLE_WEIGHTS } from './layers/sample-moments.js';
import { exportedMean } from './layers/statistics.js';
import type { OnnxModel } from './model/model.js';
import { modelBytes } from './model/model-bytes.js';

/** What a statistics model may be asked for. */
export interface StatisticsOptions {
  /**
   * pooled (default): every layer normalises by the weighted statistics of the samples at hand, layer after layer, in
   * one pass. running: the layers keep the parameters that they are given; the moments are only observed.
   */
  readonly statistics?: 'pooled' | 'running';
  /** Measure the first so many layers alone, and leave out what is behind them, the logits included. Default: all. */
  readonly depth?: number;
}

/** A layer whose moments a statistics model puts out. */
export interface MeasuredLayer {
  readonly layer: NormalizationLayer;
  /**
   * Names of the outputs with the moments of each sample, float32 [batch, channels]: mean and mean square, both from
   * `origin`.
   */
  readonly means: string;
  readonly squares: string;
  /** Where means and squares are taken from: the exported running mean, or 0. float32 [channels]. */
  readonly origin: Float32Array;
}

/** An inference graph that puts out, beside the logits, what its layers saw of each sample. */
export interface StatisticsModel {
  readonly bytes: Uint8Array;
  readonly input: string;
  /**
   * Name of the input with the weight of each sample, float32 [batch] of sum 1; undefined where the layers keep running
   * statistics.
   */
  readonly weights: string | undefined;
  /** Name of the output with the logits; undefined where they are left out. */
  readonly logits: string | undefined;
  /**
   * Inputs named by parameter key. Of a ScaleShift that is pooled, gamma is the deviation and beta the mean that its
   * output is to have.
   */
  readonly parameterInputs: readonly string[];
  readonly layers: readonly MeasuredLayer[];
}

/**
 * The layers that a sketch of a model speaks of, in graph order: every BatchNormalization. None where something was
 * folded into a convolution, for how far its channels have moved cannot be told without its statistics, which are not
 * in the file.
 */
export function sketchedLayers(model: OnnxModel): readonly NormalizationLayer[] {
  const layers = normalizationLayers(model);
  if (layers.some(({ kind }) => kind === 'ScaleShift')) return [];
  return layers.filter(({ kind }) => kind === 'BatchNormalization');
}

/** Mean and biased variance of a layer's input over samples: float32 [channels]. */
export interface Moments {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/**
 * Moments over the samples of what a layer saw of each.
 *
 * @param means of each sample, squares likewise: float32 [samples, channels], row-major, from `origin`
 * @param weights of the samples, of any sum above 0
 */
export function pooledMoments(
  { means, squares, origin }: Readonly<Record<'means' | 'squares' | 'origin', Float32Array>>,
  weights: ArrayLike<number>,
): Moments {
  const channels = origin.length;
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i] as number;
  const [mean, variance] = [new Float32Array(channels), new Float32Array(channels)];
  for (let c = 0; c < channels; c++) {
    let [first, second] = [0, 0];
    for (let i = 0; i < weights.length; i++) {
      const weight = (weights[i] as number) / total;
      first += weight * (means[i * channels + c] as number);
      second += weight * (squares[i * channels + c] as number);
    }
    mean[c] = first + (origin[c] as number);
    variance[c] = Math.max(0, second - first * first);
  }
  return { mean, variance };
}

/**
 * Writes the graph that measures what each BatchNormalization, and each scale and shift behind a convolution, sees of
 * each sample.
 *
 * With pooled statistics a sample's influence on all layers is its weight, so that a run without a sample is a run with
 * its weight 0.
 *
 * @throws OnnxError ONNX_NO_NORMALIZATION: no layer that normalises by statistics of the batch, or none at all;
 *   ONNX_UNSUPPORTED
 */
export function statisticsModel(
  model: OnnxModel,
  { statistics = 'pooled', depth }: StatisticsOptions = {},
): StatisticsModel {
  const { graph, input, logits, layers } = importGraph(model, statistics === 'pooled' ? 'pooled' : 'observed');
  const outputs = new Map<string, Value>(depth === undefined ? [[model.output.name, logits]] : []);
  const seen = layers.filter(({ moments }) => moments !== undefined).slice(0, depth);
  const measured = seen.map(({ layer, moments }) => {
    const output = (role: 'means' | 'squares'): string => {
      const name = graph.freeName(`${role}:${layer.name}`);
      outputs.set(name, (moments as LayerMoments)[role]);
      return name;
    };
    const mean = exportedMean(layer);
    const origin = mean.length > 0 ? mean : new Float32Array(layer.channels);
    return { layer: describeLayer(layer), means: output('means'), squares: output('squares'), origin };
  });
  if (measured.length === 0) {
    throw new OnnxError(
      'ONNX_NO_NORMALIZATION',
      `${model.name} has no layer with statistics of a batch: no BatchNormalization, and no convolution into which one was folded. Only gradients adapt a model with layers of other kinds.`,
    );
  }
  const { proto, inputs } = exportGraph(graph, outputs, model);
  const parameterInputs = [...inputs].filter((name) => name !== input.name && name !== SAMPLE_WEIGHTS);
  return {
    bytes: modelBytes(proto),
    input: input.name,
    weights: inputs.has(SAMPLE_WEIGHTS) ? SAMPLE_WEIGHTS : undefined,
    logits: depth === undefined ? model.output.name : undefined,
    parameterInputs,
    layers: measured,
  };
}
