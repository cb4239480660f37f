import { type TensorProto, TensorProto_DataType } from '../gen/onnx/onnx_pb.js';
import type { Graph, Operation, Value } from '../graph.js';
import { integersOf } from '../integers.js';
import { readFloats, readInts } from '../tensor.js';

/** An axis of a value, for its size. */
export interface SizeOf {
  readonly axis: number;
}

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

/** The integers of a value, each undefined that shows only when the graph runs; undefined where none is known, or there is no value. */
export function partlyIn(graph: Graph, value: Value | undefined): readonly (number | undefined)[] | undefined {
  const tensor = tensorOf(graph, value);
  return tensor?.dataType === TensorProto_DataType.INT64 ? readInts(tensor) : integersOf(graph, value);
}

/** The same where all are known. */
export function intsIn(graph: Graph, value: Value | undefined): number[] | undefined {
  const values = partlyIn(graph, value);
  const known = values?.filter((number) => number !== undefined);
  return known?.length === values?.length ? known : undefined;
}

/** The shape of a value when the graph runs, int64. */
export const shapeOf = (graph: Graph, value: Value): Value => graph.op('Shape', [value]);

/** The size of an axis when the graph runs: int64 [1]. */
export const sizeOf = (graph: Graph, value: Value, axis: number): Value =>
  graph.op('Gather', [shapeOf(graph, value), graph.ints([axis])], { axis: 0 });

/** Integer vectors, one behind the other. */
export const joined = (graph: Graph, parts: readonly Value[]): Value => graph.op('Concat', parts, { axis: 0 });

/** Reshapes to sizes that are numbers or those of another value's axes; in constants while no more than one is open. */
export function reshapeTo(graph: Graph, value: Value, like: Value, sizes: readonly (number | SizeOf)[]): Value {
  const shape = sizes.map((size) => (typeof size === 'number' ? size : like.shape?.[size.axis]));
  const open = shape.filter((size) => size === undefined || size === -1).length;
  const target =
    open <= 1
      ? graph.ints(shape.map((size) => size ?? -1))
      : joined(
          graph,
          sizes.map((size) => (typeof size === 'number' ? graph.ints([size]) : sizeOf(graph, like, size.axis))),
        );
  return {
    name: graph.op('Reshape', [value, target]).name,
    shape: shape.map((size) => (size === -1 ? undefined : size)),
  };
}

/** Zeros in the shape of a value. */
export const zerosLike = (graph: Graph, value: Value): Value => ({
  name: graph.op('Expand', [graph.constant(0), shapeOf(graph, value)]).name,
  shape: value.shape,
});

/** Axes from an input, or from an attribute as in older operator sets; counted from the front. */
export function axesIn(graph: Graph, op: Operation, at: number, rank: number): number[] | undefined {
  const axes = intsIn(graph, op.inputs[at]) ?? (op.attributes.axes as readonly number[] | undefined);
  return axes?.map((axis) => (axis < 0 ? axis + rank : axis));
}
