import { type AttributeProto, AttributeProto_AttributeType as Type } from './gen/onnx/onnx_pb.js';
import { batchMoments } from './grad/normalize.js';
import { type Attribute, type Attributes, Graph, type Operation, type Value } from './graph.js';
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

function moments(
  graph: Graph,
  x: Value,
  parameters: readonly Value[],
  statistics: 'running' | 'batch',
): readonly Value[] {
  if (statistics === 'running') return parameters.slice(2);
  const { mean, variance } = batchMoments(graph, x);
  return [graph.reshape(mean, [-1]), graph.reshape(variance, [-1])];
}

/**
 * @param statistics running: the statistics are inputs. batch: they are computed from the layer's own input.
 * @throws OnnxError ONNX_NO_NORMALIZATION
 */
export function importGraph(model: OnnxModel, statistics: 'running' | 'batch' = 'running'): ImportedGraph {
  const found = new Map(requireLayers(model).map((layer) => [layer.node, layer]));
  const graph = new Graph(model.opset);
  const constant = constantLookup(model.graph);
  const values = new Map<string, Value>();
  const dims = shapeOf(model.input).map((dim) => (typeof dim === 'number' ? dim : undefined));
  const input = graph.input(model.input.name, dims);
  values.set(input.name, input);
  for (const tensor of model.graph.initializer) values.set(tensor.name, graph.adopt(tensor));
  const layers: { layer: FoundLayer; operation: Operation; parameters: readonly Value[] }[] = [];
  for (const node of model.graph.node) {
    const layer = found.get(node);
    const parameters = layer === undefined ? [] : parameterKeys(layer).map((key) => graph.input(key, [layer.channels]));
    const x = values.get(node.input[0] ?? '');
    const normalization =
      layer === undefined || x === undefined
        ? []
        : [x, ...parameters.slice(0, 2), ...moments(graph, x, parameters, statistics)];
    const inputs = node.input.map((name, i) => {
      if (normalization.length > 0) return normalization[i];
      if (name === '') return undefined;
      const shared = values.has(name) ? undefined : constant(name);
      return values.get(name) ?? (shared === undefined ? { name, shape: undefined } : graph.adopt(shared));
    });
    const attributes = attributesOf(node.attribute);
    const shapes = inferShapes(node.opType, inputs, attributes, graph);
    const outputs = node.output.map((name, i) => ({ name, shape: shapes[i] }));
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
