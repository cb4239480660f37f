import { centre } from './centre.js';
import { OnnxError } from './errors.js';
import { type AttributeProto, AttributeProto_AttributeType as Type } from './gen/onnx/onnx_pb.js';
import { batchMoments } from './grad/normalize.js';
import { type Attribute, type Attributes, Graph, type Operation, type Shape, type Value } from './graph.js';
import { constantLookup, type OnnxModel, shapeOf } from './model.js';
import { type FoundLayer, requireLayers } from './normalization.js';
import { parameterKeys } from './parameters.js';
import { inferShapes } from './shapes.js';

/** A model as a graph in which the parameters of every normalization layer are inputs. */
export interface ImportedGraph {
  readonly graph: Graph;
  readonly input: Value;
  readonly logits: Value;
  readonly layers: readonly {
    readonly layer: FoundLayer;
    readonly operation: Operation;
    readonly parameters: readonly Value[];
  }[];
}

const text = new TextDecoder();

function attributeOf(attribute: AttributeProto): Attribute | undefined {
  switch (attribute.type) {
    case Type.INT:
      return Number(attribute.i);
    case Type.FLOAT:
      return attribute.f;
    case Type.STRING:
      return text.decode(attribute.s);
    case Type.INTS:
      return attribute.ints.map(Number);
    case Type.FLOATS:
      return attribute.floats;
    default:
      return undefined;
  }
}

function attributesOf(attributes: readonly AttributeProto[]): Attributes {
  const entries = attributes.map((attribute) => [attribute.name, attributeOf(attribute)] as const);
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, Attribute] => entry[1] !== undefined));
}

/**
 * What the graph is for. inference: the running statistics are inputs. batch: the statistics are those of each layer's own input.
 * training: inference, with each layer's input taken from the exported running mean (see centre.ts).
 */
export type Purpose = 'inference' | 'batch' | 'training';

/** The five inputs of a normalization layer. */
function normalizationInputs(
  graph: Graph,
  x: Value,
  layer: FoundLayer,
  parameters: readonly Value[],
  purpose: Purpose,
  model: OnnxModel,
): readonly (Value | undefined)[] {
  const [gamma, beta, mean, variance] = parameters;
  if (purpose === 'inference') return [x, gamma, beta, mean, variance];
  const offset = exportedMean(layer);
  const centred = centre(graph, ofKnownRank(x, layer, model), offset);
  if (purpose === 'batch') {
    const moments = batchMoments(graph, centred);
    return [centred, gamma, beta, moments.mean, moments.variance];
  }
  const moved = graph.sub(mean as Value, graph.constant(offset, [offset.length]));
  return [centred, gamma, beta, moved, variance];
}

/** Where a training graph's view of a layer's input has its origin: float32 [channels]. */
export const exportedMean = (layer: FoundLayer): Float32Array => layer.values[2];

/** The shapes that the model states for values inside it; exporters may leave them out. */
function statedShapes(model: OnnxModel): Map<string, Shape> {
  const stated = model.graph.valueInfo.filter(
    ({ type }) => type?.value.case === 'tensorType' && type.value.value.shape,
  );
  return new Map(
    stated.map((value) => [value.name, shapeOf(value).map((dim) => (typeof dim === 'number' ? dim : undefined))]),
  );
}

/** The input of a layer, with its number of axes known. @throws OnnxError ONNX_UNSUPPORTED: it is not */
function ofKnownRank(x: Value, layer: FoundLayer, model: OnnxModel): Value {
  if (x.shape !== undefined) return { name: x.name, shape: x.shape.with(1, layer.channels) };
  throw new OnnxError(
    'ONNX_UNSUPPORTED',
    `the shape of "${x.name}", the input of "${layer.name}" in ${model.name}, is not known; write shapes into the model with onnx.shape_inference.infer_shapes.`,
  );
}

/** @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_UNSUPPORTED: not for inference, a layer whose input has a shape that is not known */
export function importGraph(model: OnnxModel, purpose: Purpose): ImportedGraph {
  const found = new Map(requireLayers(model).map((layer) => [layer.node, layer]));
  const graph = new Graph(model.opset);
  const constant = constantLookup(model.graph);
  const values = new Map<string, Value>();
  const dims = shapeOf(model.input).map((dim) => (typeof dim === 'number' ? dim : undefined));
  const input = graph.input(model.input.name, dims);
  values.set(input.name, input);
  for (const tensor of model.graph.initializer) values.set(tensor.name, graph.adopt(tensor));
  const stated = statedShapes(model);
  const layers: { layer: FoundLayer; operation: Operation; parameters: readonly Value[] }[] = [];
  for (const node of model.graph.node) {
    const layer = found.get(node);
    const parameters = layer === undefined ? [] : parameterKeys(layer).map((key) => graph.input(key, [layer.channels]));
    const x = values.get(node.input[0] ?? '');
    const normalization =
      layer === undefined || x === undefined ? [] : normalizationInputs(graph, x, layer, parameters, purpose, model);
    const inputs = node.input.map((name, i) => {
      if (normalization.length > 0) return normalization[i];
      if (name === '') return undefined;
      const shared = values.has(name) ? undefined : constant(name);
      return values.get(name) ?? (shared === undefined ? { name, shape: undefined } : graph.adopt(shared));
    });
    const attributes = attributesOf(node.attribute);
    const shapes = inferShapes(node.opType, inputs, attributes, graph);
    const outputs = node.output.map((name, i) => ({ name, shape: shapes[i] ?? stated.get(name) }));
    for (const output of outputs) values.set(output.name, output);
    const name = node.name || (node.output[0] ?? node.opType);
    const operation = {
      type: node.opType,
      name,
      inputs,
      outputs,
      attributes,
      raw: node.attribute,
      domain: node.domain,
    };
    graph.add(operation);
    if (layer !== undefined) layers.push({ layer, operation, parameters });
  }
  const logits = values.get(model.output.name) ?? { name: model.output.name, shape: undefined };
  return { graph, input, logits, layers };
}
