import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType,
  AttributeProto_AttributeType as Type,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../gen/onnx/onnx_pb.js';
import type { OnnxModel } from '../model/model.js';
import type { Graph } from './graph.js';
import type { Attribute, Operation, Shape, Value } from './types.js';

const bytes = new TextEncoder();

/** The oldest version of the format that has operator set 17. */
const IR_VERSION = 8n;

function attribute(name: string, value: Attribute, float: boolean): AttributeProto {
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: Type.STRING, s: bytes.encode(value) });
  if (typeof value !== 'number')
    return create(AttributeProtoSchema, { name, type: Type.INTS, ints: value.map(BigInt) });
  return create(
    AttributeProtoSchema,
    float ? { name, type: Type.FLOAT, f: value } : { name, type: Type.INT, i: BigInt(value) },
  );
}

/** onnxruntime crashes on some operators whose last input is named and absent. */
const withoutAbsentEnd = (inputs: Operation['inputs']): Operation['inputs'] =>
  inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);

function node(graph: Graph, operation: Operation): NodeProto {
  const { type, name, inputs, outputs, attributes, raw, domain, value } = operation;
  const floats = graph.operators(operation)?.floats;
  if (value !== undefined) {
    return create(NodeProtoSchema, {
      opType: 'Identity',
      name,
      input: [value.name],
      output: outputs.map((output) => output.name),
    });
  }
  return create(NodeProtoSchema, {
    opType: type,
    name,
    domain: domain ?? '',
    input: withoutAbsentEnd(inputs).map((input) => input?.name ?? ''),
    output: outputs.map((output) => output.name),
    attribute:
      raw ?? Object.entries(attributes).map(([key, value]) => attribute(key, value, floats?.includes(key) === true)),
  });
}

const TYPES = {
  float32: TensorProto_DataType.FLOAT,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  uint8: TensorProto_DataType.UINT8,
};

function valueInfo(name: string, shape: Shape | undefined, type: keyof typeof TYPES = 'float32'): ValueInfoProto {
  const dim = (shape ?? []).map((size) => ({
    value:
      size === undefined
        ? { case: 'dimParam' as const, value: 'batch' }
        : { case: 'dimValue' as const, value: BigInt(size) },
  }));
  const tensor = { elemType: TYPES[type], ...(shape === undefined ? {} : { shape: { dim } }) };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: tensor } } });
}

/** What an operation reads when the graph runs. */
const readsOf = ({ inputs, value, captured = [] }: Operation): readonly (Value | undefined)[] =>
  value === undefined ? [...inputs, ...captured] : [value];

/** Operations that an output needs, in order. */
function needed(graph: Graph, outputs: readonly Value[]): Operation[] {
  const wanted = new Set(outputs.map(({ name }) => name));
  const kept: Operation[] = [];
  for (const operation of [...graph.operations].reverse()) {
    if (!operation.outputs.some(({ name }) => wanted.has(name))) continue;
    kept.push(operation);
    for (const input of readsOf(operation)) if (input !== undefined) wanted.add(input.name);
  }
  return kept.reverse();
}

/** A graph as ONNX. */
export interface ExportedGraph {
  readonly proto: ModelProto;
  /** Names of the inputs that it has: those that an output depends on. */
  readonly inputs: ReadonlySet<string>;
}

/**
 * Writes a graph as ONNX.
 *
 * @param outputs output names and their values; what none of them needs is left out
 * @param like the model whose operator sets and IR version are kept
 */
export function exportGraph(graph: Graph, outputs: ReadonlyMap<string, Value>, like: OnnxModel): ExportedGraph {
  const operations = needed(graph, [...outputs.values()]);
  const produced = new Set(operations.flatMap((operation) => operation.outputs.map(({ name }) => name)));
  const aliases = [...outputs]
    .filter(([name, value]) => name !== value.name || !produced.has(name))
    .map(([name, value]) => ({
      type: 'Identity',
      name: `output/${name}`,
      inputs: [value],
      outputs: [{ name, shape: value.shape }],
      attributes: {},
    }));
  const all: Operation[] = [...operations, ...aliases];
  const read = new Set(all.flatMap((operation) => readsOf(operation).map((value) => value?.name)));
  const inputs = [...graph.inputs.values()].filter(({ name }) => read.has(name));
  const proto = create(ModelProtoSchema, {
    irVersion: like.proto.irVersion < IR_VERSION ? IR_VERSION : like.proto.irVersion,
    opsetImport: [
      { domain: '', version: BigInt(graph.opset) },
      ...like.proto.opsetImport.filter(({ domain }) => domain !== '' && domain !== 'ai.onnx'),
    ],
    functions: like.proto.functions,
    producerName: 'renorm',
    graph: {
      name: like.graph.name,
      node: all.map((operation) => node(graph, operation)),
      initializer: [...graph.constants.values()].filter(({ name }) => read.has(name)),
      input: inputs.map(({ name, shape, type }) => valueInfo(name, shape, type)),
      output: [...outputs].map(([name, { shape }]) => valueInfo(name, shape)),
    },
  });
  return { proto, inputs: new Set(inputs.map(({ name }) => name)) };
}
