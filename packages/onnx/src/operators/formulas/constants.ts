import { type TensorProto, TensorProto_DataType } from '../../gen/onnx/onnx_pb.js';
import type { Graph } from '../../graph/graph.js';
import type { Dim, Operation, Value } from '../../graph/types.js';
import { readFloats, readInts } from '../../model/tensor.js';
import { allFromFront } from '../semantics/axis.js';

/** The tensor of a constant, also where a node Constant holds it. */
export function tensorOf(graph: Graph, value: Value | undefined): TensorProto | undefined {
  if (value === undefined) return undefined;
  const producer = graph.producer(value);
  if (producer?.type === 'Constant') return producer.raw?.find(({ name }) => name === 'value')?.t;
  return producer?.type === 'Identity' || producer?.type === 'CastLike'
    ? tensorOf(graph, producer.inputs[0])
    : graph.constants.get(value.name);
}

/** The number that a constant of one element holds, int64 or float32. */
export function scalarIn(graph: Graph, value: Value): number | undefined {
  const tensor = tensorOf(graph, value);
  if (tensor?.dims.some((dim) => dim !== 1n)) return undefined;
  if (tensor?.dataType === TensorProto_DataType.INT64) return readInts(tensor)[0];
  return tensor?.dataType === TensorProto_DataType.FLOAT ? readFloats(tensor)[0] : undefined;
}

/**
 * The integers of a value, each undefined that shows only when the graph runs; undefined where none is known, or there
 * is no value.
 */
export function partlyIn(graph: Graph, value: Value | undefined): readonly Dim[] | undefined {
  const tensor = tensorOf(graph, value);
  return tensor?.dataType === TensorProto_DataType.INT64 ? readInts(tensor) : graph.integers(value);
}

/** The same where all are known. */
export function intsIn(graph: Graph, value: Value | undefined): number[] | undefined {
  const values = partlyIn(graph, value);
  const known = values?.filter((number) => number !== undefined);
  return known?.length === values?.length ? known : undefined;
}

/** Axes from an input, or from an attribute as in older operator sets; counted from the front. */
export function axesIn(graph: Graph, op: Operation, at: number, rank: number): number[] | undefined {
  const axes = intsIn(graph, op.inputs[at]) ?? (op.attributes.axes as readonly number[] | undefined);
  return axes && allFromFront(axes, rank);
}
