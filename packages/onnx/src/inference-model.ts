import { exportGraph } from './graph/export-graph.js';
import type { Graph } from './graph/graph.js';
import type { Value } from './graph/types.js';
import { importGraph, type Normalization } from './import/import-graph.js';
import type { OnnxModel } from './model/model.js';
import { modelBytes } from './model/model-bytes.js';

/** What is written into a model's inference graph. */
export interface InferenceOptions {
  /** Stands for every BatchNormalization. It may declare inputs of its own: `graph.input(name, shape)`. */
  readonly normalization?: Normalization;
  /**
   * What the graph puts out, by name. Default: the logits, by their own name.
   *
   * @param logits [batch, classes]
   */
  readonly outputs?: (graph: Graph, logits: Value) => ReadonlyMap<string, Value>;
}

/** An inference graph, for any ONNX runtime. */
export interface InferenceModel {
  readonly bytes: Uint8Array;
  /** Name of the input that takes the batch, of the model's own type. */
  readonly input: string;
  /** Names of all other inputs that it reads: parameters by their keys, and those that were declared. */
  readonly otherInputs: readonly string[];
}

/**
 * The inference graph with the normalization parameters as inputs named by their keys, with normalizations and outputs
 * as somebody writes them: for methods that normalise in a way of their own, or look inside.
 *
 * @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_UNSUPPORTED: a layer whose input has a shape that is not known
 */
export function inferenceModel(model: OnnxModel, { normalization, outputs }: InferenceOptions): InferenceModel {
  const { graph, input, logits } = importGraph(model, 'inference', normalization);
  const wanted = outputs?.(graph, logits) ?? new Map<string, Value>([[model.output.name, logits]]);
  const { proto, inputs } = exportGraph(graph, wanted, model);
  const otherInputs = [...inputs].filter((name) => name !== input.name);
  return { bytes: modelBytes(proto), input: input.name, otherInputs };
}
