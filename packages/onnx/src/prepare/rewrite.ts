import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type NodeProto,
  NodeProtoSchema,
  type TypeProto_Tensor,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
} from '../gen/onnx/onnx_pb.js';
import type { Shape } from '../graph/types.js';
import { readBy } from '../model/bodies.js';
import { changed } from '../model/changed.js';
import { copyProto, type OnnxModel } from '../model/model.js';

/** A model that was made fit for adaptation, and what was done to it, in sentences; none where it is as it was. */
export interface Prepared {
  readonly model: OnnxModel;
  readonly changes: readonly string[];
}

/** Steps one after the other. */
export function inOrder(model: OnnxModel, ...steps: readonly ((model: OnnxModel) => Prepared)[]): Prepared {
  return steps.reduce<Prepared>(
    (sofar, step) => {
      const next = step(sofar.model);
      return { model: next.model, changes: [...sofar.changes, ...next.changes] };
    },
    { model, changes: [] },
  );
}

/** A copy of a model's message, whose nodes and lists may be changed. */
export const editable = (model: OnnxModel): ReturnType<typeof copyProto> => copyProto(model);

/** A node of the default operator set. */
export const nodeOf = (
  opType: string,
  input: string[],
  output: string,
  attribute: NodeProto['attribute'] = [],
): NodeProto => create(NodeProtoSchema, { opType, name: output, input, output: [output], attribute });

/** An integer attribute. */
export const int = (name: string, i: number): NodeProto['attribute'][number] =>
  create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(i) });

/** A value's name, element type and shape; an undefined size has the name of its axis. */
export function describedValue(
  value: ValueInfoProto,
  more: { readonly name?: string; readonly elemType?: number; readonly shape?: Shape },
): ValueInfoProto {
  const type = value.type?.value;
  const tensor: TypeProto_Tensor = type?.case === 'tensorType' ? type.value : create(TypeProto_TensorSchema, {});
  const dim = more.shape?.map((size, axis) => ({
    value:
      size === undefined
        ? { case: 'dimParam' as const, value: axis === 0 ? 'batch' : `axis${axis}` }
        : { case: 'dimValue' as const, value: BigInt(size) },
  }));
  const elemType = more.elemType ?? tensor.elemType;
  const described = create(TypeProto_TensorSchema, {
    elemType,
    ...(dim === undefined ? tensor.shape !== undefined && { shape: tensor.shape } : { shape: { dim } }),
  });
  const base = changed(value, { name: more.name ?? value.name });
  return Object.assign(base, { type: createType(described) });
}

const createType = (tensor: TypeProto_Tensor): NonNullable<ValueInfoProto['type']> =>
  create(TypeProtoSchema, { value: { case: 'tensorType', value: tensor } });

/** Leaves out what none of the graph's outputs needs. Changes the graph. */
export function prune(graph: GraphProto): void {
  const wanted = new Set(graph.output.map(({ name }) => name));
  const kept: NodeProto[] = [];
  for (const node of [...graph.node].reverse()) {
    if (!node.output.some((name) => name !== '' && wanted.has(name))) continue;
    kept.push(node);
    for (const name of readBy(node)) wanted.add(name);
  }
  graph.node = kept.reverse();
  graph.initializer = graph.initializer.filter(({ name }) => wanted.has(name));
  const computed = new Set(graph.node.flatMap(({ output }) => output));
  graph.valueInfo = graph.valueInfo.filter(({ name }) => computed.has(name));
}

/** Names of the values that depend on some others, these included. */
export function dependents(graph: GraphProto, names: Iterable<string>): Set<string> {
  const reached = new Set(names);
  for (const node of graph.node) {
    if (!readBy(node).some((name) => reached.has(name))) continue;
    for (const output of node.output) if (output !== '') reached.add(output);
  }
  return reached;
}
