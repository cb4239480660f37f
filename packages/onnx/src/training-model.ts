import { OnnxError } from './errors.js';
import { exportGraph } from './export-graph.js';
import { gradients } from './grad/gradients.js';
import { batchMoments } from './grad/normalize.js';
import type { Graph, Value } from './graph.js';
import { importGraph } from './import-graph.js';
import { parameterKey } from './layers/layer.js';
import { exportedMean } from './layers/statistics.js';
import { OLDEST_OPSET, type OnnxModel } from './model.js';

/**
 * A loss, written in the graph.
 *
 * @param graph `graph.input(name, shape)` declares what else the loss reads, such as targets
 * @param logits [batch, classes]
 * @returns a scalar
 */
export type Loss = (graph: Graph, logits: Value) => Value;

/** An ONNX graph that computes a loss, its gradients, and batch statistics, for any ONNX runtime. */
export interface TrainingModel {
  /** The ONNX file. */
  readonly bytes: Uint8Array;
  /** Name of the input that takes the batch, float32. */
  readonly input: string;
  /** Inputs named by parameter key, float32 [channels]. */
  readonly parameterInputs: readonly string[];
  /** Inputs that the loss declared. */
  readonly lossInputs: readonly string[];
  /** Output, float32 scalar. */
  readonly loss: 'loss';
  /** Output, float32 [batch, classes]: those of inference. */
  readonly logits: 'logits';
  /** Output name of the gradient for the key of each gamma and beta. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Output name of the batch mean or biased batch variance for the key of each running mean and variance. */
  readonly statistics: ReadonlyMap<string, string>;
}

/**
 * Writes the gradient graph of a loss with respect to gamma and beta of every normalization layer. The forward value is that of
 * inference; the gradient goes through batch statistics (batch renormalisation, see grad/normalize.ts).
 *
 * @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_OPERATOR_WITHOUT_RULE, ONNX_UNSUPPORTED (opset below 13)
 */
export function trainingModel(model: OnnxModel, loss: Loss): TrainingModel {
  if (model.opset < OLDEST_OPSET) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `${model.name} uses opset ${model.opset}; export it with opset ${OLDEST_OPSET} or newer to train it.`,
    );
  }
  const { graph, input, logits, layers } = importGraph(model, 'training');
  const before = new Set(graph.inputs.keys());
  const total = loss(graph, logits);
  const lossInputs = [...graph.inputs.keys()].filter((name) => !before.has(name));
  const targets = layers.flatMap(({ parameters }) =>
    (['gamma', 'beta'] as const).flatMap((role) => parameters.get(role) ?? []),
  );
  const found = gradients(graph, total, targets);
  const outputs = new Map<string, Value>([
    ['loss', total],
    ['logits', logits],
  ]);
  const gradientNames = new Map<string, string>();
  for (const [key, value] of found) {
    outputs.set(`gradient:${key}`, value);
    gradientNames.set(key, `gradient:${key}`);
  }
  const statisticNames = new Map<string, string>();
  for (const { layer, input: x } of layers) {
    if (layer.kind !== 'BatchNormalization' || x === undefined) continue;
    const { mean, variance } = batchMoments(graph, x);
    const origin = graph.constant(exportedMean(layer), [layer.channels]);
    for (const [role, value] of [['mean', graph.plus(mean, origin)] as const, ['variance', variance] as const]) {
      const key = parameterKey(layer, role);
      outputs.set(`batch:${key}`, value);
      statisticNames.set(key, `batch:${key}`);
    }
  }
  return {
    bytes: exportGraph(graph, outputs, model),
    input: input.name,
    parameterInputs: layers.flatMap(({ parameters }) => [...parameters.values()].map(({ name }) => name)),
    lossInputs,
    loss: 'loss',
    logits: 'logits',
    gradients: gradientNames,
    statistics: statisticNames,
  };
}
