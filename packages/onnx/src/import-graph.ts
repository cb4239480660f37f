import { attributesOf } from './attributes.js';
import { constantOf } from './constant-node.js';
import { dequantizedConstant } from './dequantize.js';
import { inFloat32 } from './float32.js';
import type { NodeProto } from './gen/onnx/onnx_pb.js';
import { normalized } from './grad/standardize.js';
import { Graph, type Operation, type Shape, type Value } from './graph.js';
import { idiom } from './idioms.js';
import { requireLayers } from './layers/find-layers.js';
import { type FoundLayer, parameterKey, type Role } from './layers/layer.js';
import { type Purpose, statisticsInputs } from './layers/statistics.js';
import { constantLookup, type OnnxModel, shapeOf } from './model.js';
import { checkSizes, ofNode } from './of-node.js';
import { inferShapes } from './shapes/infer-shapes.js';
import { upgraded } from './upgrade.js';

/** A layer in a graph. */
export interface ImportedLayer {
  readonly layer: FoundLayer;
  /** The graph's inputs for its parameters, float32 [channels]. */
  readonly parameters: ReadonlyMap<Role, Value>;
  /** What the layer normalises; undefined for a scale and shift. */
  readonly input: Value | undefined;
}

/** A model as a graph in which the parameters of every normalization layer are inputs. */
export interface ImportedGraph {
  readonly graph: Graph;
  readonly input: Value;
  readonly logits: Value;
  readonly layers: readonly ImportedLayer[];
}

/** @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_UNSUPPORTED: not for inference, a layer whose input has a shape that is not known */
export function importGraph(original: OnnxModel, purpose: Purpose): ImportedGraph {
  const model = inFloat32(upgraded(original));
  const found = requireLayers(model);
  const graph = new Graph(model.opset);
  const constant = constantLookup(model.graph);
  const input = graph.input(
    model.input.name,
    openDims(shapeOf(model.input)),
    model.inputType === 'float16' ? 'float32' : model.inputType,
  );
  const values = new Map<string, Value>([[input.name, input]]);
  for (const tensor of model.graph.initializer) values.set(tensor.name, graph.adopt(tensor));
  const valueAt = (name: string): Value | undefined => {
    const shared = values.has(name) ? undefined : constant(name);
    if (shared !== undefined) return graph.adopt(shared);
    return name === '' ? undefined : (values.get(name) ?? { name, shape: undefined });
  };
  const stated = statedShapes(model);
  const parameters = new Map(found.map((layer) => [layer, parameterInputs(graph, layer)]));
  const places = parameterPlaces(graph, parameters);
  const layerAt = new Map(found.map((layer) => [layer.node, layer]));
  const fusedAt = new Map(found.flatMap((layer) => (layer.fused === undefined ? [] : [[layer.fused.output, layer]])));
  const inputs = new Map<FoundLayer, Value | undefined>();
  const summed = purpose === 'training' ? beforeLayerNormalization(found) : new Set<string>();

  for (const node of model.graph.node) {
    const shared = sharedConstant(graph, node, values);
    if (shared !== undefined) {
      values.set(node.output[0] ?? '', shared);
      continue;
    }
    const layer = layerAt.get(node);
    const plain = node.input.map((name, i) => places.get(node)?.get(i) ?? valueAt(name));
    const read =
      layer?.kind === 'BatchNormalization' ? statisticsInputs(graph, plain, layer, purpose, model.name) : plain;
    const type = node.opType === 'Add' && summed.has(node.output[0] ?? '') ? 'Sum' : node.opType;
    const operation = importNode(graph, node, type, read, stated);
    for (const output of operation.outputs) values.set(output.name, output);
    const [result] = operation.outputs;
    if (result === undefined) continue;
    if (layer !== undefined) inputs.set(layer, read[0]);
    if (layer?.kind === 'ScaleShift') values.set(result.name, scaleShift(graph, result, layer, parameters));
    if (purpose !== 'training') continue;
    const whole =
      wholeLayer(graph, operation, fusedAt.get(result.name), valueAt, parameters) ?? idiom(graph, operation);
    if (whole !== undefined) values.set(result.name, whole);
  }
  const logits = values.get(model.output.name) ?? { name: model.output.name, shape: undefined };
  const layers = found.map((layer) => ({
    layer,
    parameters: parameters.get(layer) as ReadonlyMap<Role, Value>,
    input: inputs.get(layer),
  }));
  return { graph, input, logits, layers };
}

/** The constant that a Constant node holds, that an Identity node hands on, as exporters share equal initializers, or that was quantized. */
function sharedConstant(graph: Graph, node: NodeProto, values: ReadonlyMap<string, Value>): Value | undefined {
  if (node.opType === 'Identity') {
    const value = values.get(node.input[0] ?? '');
    return value !== undefined && graph.constants.has(value.name) ? value : undefined;
  }
  const held = (name: string) => graph.constants.get(values.get(name)?.name ?? '');
  const tensor = node.opType === 'Constant' ? constantOf(node) : dequantizedConstant(node, held);
  return tensor === undefined ? undefined : graph.adopt(tensor);
}

type LayerParameters = ReadonlyMap<FoundLayer, ReadonlyMap<Role, Value>>;

const openDims = (dims: readonly (number | string)[]): Shape =>
  dims.map((dim) => (typeof dim === 'number' ? dim : undefined));

/** The shapes that the model states for values inside it; exporters may leave them out. */
function statedShapes(model: OnnxModel): Map<string, Shape> {
  const stated = model.graph.valueInfo.filter(
    ({ type }) => type?.value.case === 'tensorType' && type.value.value.shape,
  );
  return new Map(stated.map((value) => [value.name, openDims(shapeOf(value))]));
}

const parameterInputs = (graph: Graph, layer: FoundLayer): ReadonlyMap<Role, Value> =>
  new Map(layer.roles.map((role) => [role, graph.input(parameterKey(layer, role), [layer.channels])]));

/** What a node reads instead of a constant, by the input's index. */
function parameterPlaces(graph: Graph, parameters: LayerParameters): Map<NodeProto, Map<number, Value>> {
  const places = new Map<NodeProto, Map<number, Value>>();
  for (const [layer, values] of parameters) {
    for (const { role, dims, at } of layer.parameters) {
      if (at === undefined) continue;
      const value = inShape(graph, values.get(role) as Value, dims);
      places.set(at.node, (places.get(at.node) ?? new Map<number, Value>()).set(at.index, value));
    }
  }
  return places;
}

const inShape = (graph: Graph, vector: Value, dims: readonly number[]): Value =>
  dims.length === 1 ? vector : graph.reshape(vector, dims);

function importNode(
  graph: Graph,
  node: NodeProto,
  type: string,
  inputs: readonly (Value | undefined)[],
  stated: ReadonlyMap<string, Shape>,
): Operation {
  const attributes = attributesOf(node.attribute);
  const known = { type, name: node.name || (node.output[0] ?? node.opType) };
  const shapes = ofNode(known, () => inferShapes(type, inputs, attributes, graph, node.output.length));
  const outputs = node.output.map((name, i) => ({ name, shape: shapes[i] ?? stated.get(name) }));
  const operation = {
    ...known,
    inputs,
    outputs,
    attributes,
    raw: node.attribute,
    domain: node.domain,
  };
  checkSizes(operation);
  graph.add(operation);
  return operation;
}

/** x gamma + beta per channel, behind a convolution [N, C, ...] or a linear layer [N, C]. */
function scaleShift(graph: Graph, x: Value, layer: FoundLayer, parameters: LayerParameters): Value {
  const rank = x.shape?.length ?? (layer.node.opType === 'Gemm' ? 2 : 4);
  const dims = rank === 2 ? [layer.channels] : [layer.channels, ...new Array<number>(rank - 2).fill(1)];
  const [gamma, beta] = (['gamma', 'beta'] as const).map((role) =>
    inShape(graph, parameters.get(layer)?.get(role) as Value, dims),
  ) as [Value, Value];
  return graph.plus(graph.mul(x, gamma), beta);
}

/**
 * Values that a LayerNormalization reads. onnxruntime fuses an Add with the LayerNormalization behind it into an operator that leaves out
 * 1 / deviation, which the gradient reads; a Sum it leaves alone.
 */
const beforeLayerNormalization = (layers: readonly FoundLayer[]): Set<string> =>
  new Set(
    layers.flatMap(({ kind, node, fused }) =>
      kind === 'LayerNormalization' ? (fused?.input ?? node.input[0] ?? []) : [],
    ),
  );

/** A LayerNormalization, the operator or the last of the primitive operators that amount to one, in the form that its gradient needs. */
function wholeLayer(
  graph: Graph,
  { type, inputs, attributes }: Operation,
  layer: FoundLayer | undefined,
  valueAt: (name: string) => Value | undefined,
  parameters: LayerParameters,
): Value | undefined {
  if (type === 'LayerNormalization') {
    const { axis = -1, epsilon = 1e-5 } = attributes as { axis?: number; epsilon?: number };
    return layerNormalization(graph, inputs, axis, epsilon);
  }
  const x = layer?.fused === undefined ? undefined : valueAt(layer.fused.input);
  if (layer?.fused === undefined || x === undefined) return undefined;
  const read = layer.parameters.map(({ role, dims }) =>
    inShape(graph, parameters.get(layer)?.get(role) as Value, dims.slice(layer.fused?.axis)),
  );
  return layerNormalization(graph, [x, ...read], layer.fused.axis, layer.epsilon);
}

/** The gradient needs the value before scale and shift, so it is there once and both are apart. */
function layerNormalization(
  graph: Graph,
  [x, gamma, beta]: readonly (Value | undefined)[],
  axis: number,
  epsilon: number,
): Value {
  const { normal } = normalized(graph, x as Value, gamma as Value, axis, epsilon);
  const scaled = graph.mul(normal, gamma as Value);
  return beta === undefined ? scaled : graph.plus(scaled, beta);
}
