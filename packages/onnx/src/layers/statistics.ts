import { OnnxError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { batchMoments } from '../operators/formulas/moments.js';
import { centre } from './centre.js';
import type { FoundLayer } from './layer.js';

/**
 * What the graph is for. inference: the running statistics are inputs. batch: the statistics are those of each layer's
 * own input. training: inference, with each layer's input taken from the exported running mean (see centre.ts). held:
 * as training, with a gradient that holds the running statistics fixed. observed: inference, with the
 * moments of each sample at hand. pooled: the statistics are those of each layer's own input, with a weight for each
 * sample.
 */
export type Purpose = 'inference' | 'batch' | 'training' | 'held' | 'observed' | 'pooled';

/**
 * The five inputs of a BatchNormalization.
 *
 * @param read its inputs as the model has them, with parameters in place
 * @param model the model's name, for an error
 * @throws OnnxError ONNX_UNSUPPORTED: not for inference, an input whose shape is not known
 */
export function statisticsInputs(
  graph: Graph,
  read: readonly (Value | undefined)[],
  layer: FoundLayer,
  purpose: Purpose,
  model: string,
): readonly (Value | undefined)[] {
  const [x, gamma, beta, mean, variance] = read;
  if (purpose === 'inference' || x === undefined) return read;
  const offset = exportedMean(layer);
  const centred = centre(graph, ofKnownRank(x, layer, model), offset);
  if (purpose === 'batch') {
    const moments = batchMoments(graph, centred);
    return [centred, gamma, beta, moments.mean, moments.variance];
  }
  const moved = graph.sub(mean as Value, graph.constant(offset, [offset.length]));
  return [centred, gamma, beta, moved, variance];
}

/** Where a training graph's view of a BatchNormalization's input has its origin: float32 [channels]. */
export const exportedMean = ({ parameters }: FoundLayer): Float32Array =>
  parameters.find(({ role }) => role === 'mean')?.values ?? new Float32Array();

/** The input of a layer, with its number of axes known. @throws OnnxError ONNX_UNSUPPORTED: it is not */
export function ofKnownRank(x: Value, layer: FoundLayer, model: string): Value {
  if (x.shape !== undefined) return { name: x.name, shape: x.shape.with(1, layer.channels) };
  throw new OnnxError(
    'ONNX_UNSUPPORTED',
    `the shape of "${x.name}", the input of "${layer.name}" in ${model}, is not known; write shapes into the model with onnx.shape_inference.infer_shapes.`,
  );
}
