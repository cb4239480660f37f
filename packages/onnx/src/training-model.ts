import { type GradientOptions, gradients } from './gradient/gradients.js';
import { exportGraph } from './graph/export-graph.js';
import type { Graph } from './graph/graph.js';
import type { Value } from './graph/types.js';
import { type ImportedLayer, importGraph } from './import/import-graph.js';
import { parameterKey } from './layers/layer.js';
import { exportedMean } from './layers/statistics.js';
import { type ModelFileOptions, type ModelFiles, modelFiles } from './model/external-data.js';
import type { OnnxModel } from './model/model.js';
import { batchMoments } from './operators/formulas/moments.js';

/**
 * A loss, written in the graph.
 *
 * @param graph `graph.input(name, shape)` declares what else the loss reads, such as targets
 * @param logits [batch, classes]
 * @returns a scalar
 */
export type Loss = (graph: Graph, logits: Value) => Value;

/** What to do where an operator has no gradient rule, and where the weights go. */
export interface TrainingOptions extends GradientOptions, ModelFileOptions {
  /**
   * batch (default): the gradient goes through a BatchNormalization as through the statistics of the batch, and the
   * graph puts these out. held: the running statistics are held fixed, and a BatchNormalization is an affine: a shorter
   * graph, which puts out no statistics.
   */
  readonly statistics?: 'batch' | 'held';
}

/** An ONNX graph that computes a loss, its gradients, and batch statistics, for any ONNX runtime. */
export interface TrainingModel extends ModelFiles {
  /** Name of the input that takes the batch, of the model's own type. */
  readonly input: string;
  /** Inputs named by parameter key, float32 [channels]: those that loss, logits, gradients or statistics depend on. */
  readonly parameterInputs: readonly string[];
  /** Inputs that the loss declared. */
  readonly lossInputs: readonly string[];
  /** Name of the output with the loss, float32 scalar: `loss`, unless the model has a value of that name. */
  readonly loss: string;
  /**
   * Name of the output with the logits of inference, float32 [batch, classes]: `logits`, unless another value has that
   * name.
   */
  readonly logits: string;
  /** Output name of the gradient for the key of each gamma and beta that a gradient reaches. */
  readonly gradients: ReadonlyMap<string, string>;
  /** Output name of the batch mean or biased batch variance for the key of each running mean and variance. */
  readonly statistics: ReadonlyMap<string, string>;
  /** Keys of each gamma and beta that the loss depends on and no gradient reaches, because it was stopped. */
  readonly unreached: readonly string[];
}

/**
 * Writes the gradient graph of a loss with respect to gamma and beta of every normalization layer. The forward value is
 * that of inference; through a BatchNormalization the gradient goes as through batch statistics (batch renormalisation,
 * see operators/formulas/batch-renormalization.ts).
 *
 * @param options where an operator has no gradient rule: refuse, or let the layers behind it alone learn; a file beside
 *   the model's for
 * weights that do not fit into it
 * @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_OPERATOR_WITHOUT_RULE, ONNX_UNSUPPORTED: something in it cannot be put
 *   into a gradient graph
 */
export function trainingModel(model: OnnxModel, loss: Loss, options: TrainingOptions = {}): TrainingModel {
  const { graph, input, logits, layers } = importGraph(model, options.statistics === 'held' ? 'held' : 'training');
  const before = new Set(graph.inputs.keys());
  const total = loss(graph, logits);
  const lossInputs = [...graph.inputs.keys()].filter((name) => !before.has(name));
  const targets = layers.flatMap(({ parameters }) =>
    (['gamma', 'beta'] as const).flatMap((role) => parameters.get(role) ?? []),
  );
  const found = gradients(graph, total, targets, options);
  const outputs = new Map<string, Value>();
  const output = (wish: string, value: Value): string => {
    const name = wish === value.name ? wish : graph.freeName(wish);
    outputs.set(name, value);
    return name;
  };
  const names = { loss: output('loss', total), logits: output('logits', logits) };
  const gradientNames = new Map([...found].map(([key, value]) => [key, output(`gradient:${key}`, value)]));
  const statisticNames = new Map(
    [...(options.statistics === 'held' ? [] : batchStatistics(graph, layers))].map(([key, value]) => [
      key,
      output(`batch:${key}`, value),
    ]),
  );
  const { proto, inputs } = exportGraph(graph, outputs, model);
  const read = (list: readonly string[]): string[] => list.filter((name) => inputs.has(name));
  return {
    ...names,
    ...modelFiles(proto, options),
    input: input.name,
    parameterInputs: read(layers.flatMap(({ parameters }) => [...parameters.values()].map(({ name }) => name))),
    lossInputs: read(lossInputs),
    gradients: gradientNames,
    statistics: statisticNames,
    unreached: found.unreached.map(({ name }) => name),
  };
}

/** Mean and biased variance of what each BatchNormalization sees, by the key of its running statistic. */
function batchStatistics(graph: Graph, layers: readonly ImportedLayer[]): Map<string, Value> {
  const statistics = new Map<string, Value>();
  for (const { layer, input: x } of layers) {
    if (layer.kind !== 'BatchNormalization' || x === undefined) continue;
    const { mean, variance } = batchMoments(graph, x);
    const origin = graph.constant(exportedMean(layer), [layer.channels]);
    statistics.set(parameterKey(layer, 'mean'), graph.plus(mean, origin));
    statistics.set(parameterKey(layer, 'variance'), variance);
  }
  return statistics;
}
