import { create } from '@bufbuild/protobuf';
import { OnnxError } from '../errors.js';
import {
  type GraphProto,
  type SparseTensorProto,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from '../gen/onnx/onnx_pb.js';
import { withBodies } from './bodies.js';
import { changed } from './changed.js';
import { readInts } from './tensor.js';

/** Elements of a dense tensor at most: a few bytes may claim any size. */
const LIMIT = 2 ** 26;

/** Bytes of an element of the types that are written in a field of their own, and how that field is read. */
const TYPED: Readonly<Partial<Record<number, (tensor: TensorProto) => ArrayBufferView>>> = {
  [Type.FLOAT]: ({ floatData }) => Float32Array.from(floatData),
  [Type.DOUBLE]: ({ doubleData }) => Float64Array.from(doubleData),
  [Type.INT64]: ({ int64Data }) => BigInt64Array.from(int64Data),
  [Type.INT32]: ({ int32Data }) => Int32Array.from(int32Data),
  [Type.FLOAT16]: ({ int32Data }) => Uint16Array.from(int32Data),
  [Type.BFLOAT16]: ({ int32Data }) => Uint16Array.from(int32Data),
  [Type.INT8]: ({ int32Data }) => Int8Array.from(int32Data),
  [Type.UINT8]: ({ int32Data }) => Uint8Array.from(int32Data),
  [Type.BOOL]: ({ int32Data }) => Uint8Array.from(int32Data),
};

/**
 * The graph with its sparse initializers, and those of its bodies, written out.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: too large, or of a type of less than 8 bits
 */
export function withDenseTensors(graph: GraphProto): GraphProto {
  const node = graph.node.map((each) => withBodies(each, withDenseTensors));
  const { sparseInitializer: sparse } = graph;
  if (sparse.length === 0 && node.every((each, i) => each === graph.node[i])) return graph;
  const initializer = [...graph.initializer, ...sparse.map(dense)];
  return changed(graph, { node, initializer, sparseInitializer: [] });
}

function dense({ values, indices, dims }: SparseTensorProto): TensorProto {
  const name = values?.name ?? '';
  const wrong = (why: string) => new OnnxError('ONNX_UNSUPPORTED', `the sparse tensor "${name}" ${why}.`);
  const count = dims.reduce((product, dim) => product * Number(dim), 1);
  if (!(count >= 0 && count <= LIMIT)) throw wrong(`would have ${count} elements; write it as a dense tensor`);
  const read = TYPED[values?.dataType ?? Type.UNDEFINED];
  if (values === undefined || indices === undefined || read === undefined)
    throw wrong('has no values or indices, or is of a type that is not read; write it as a dense tensor');
  const typed = read(values);
  const raw = values.rawData.length > 0 ? values.rawData : new Uint8Array(typed.buffer, 0, typed.byteLength);
  const places = readInts(indices);
  const entries = Number(values.dims[0] ?? 0n);
  const width = typedWidth(values.dataType);
  if (raw.length !== entries * width) throw wrong(`should hold ${entries} values and does not`);
  const sizes = dims.map(Number);
  const linear = indices.dims.length === 1 ? places : inARow(places, sizes);
  if (linear.length !== entries || linear.some((at) => !(at >= 0 && at < count)))
    throw wrong('has indices that do not fit its shape');
  const rawData = new Uint8Array(count * width);
  linear.forEach((at, i) => {
    rawData.set(raw.subarray(i * width, (i + 1) * width), at * width);
  });
  return create(TensorProtoSchema, { name, dims, dataType: values.dataType, rawData });
}

const typedWidth = (type: number): number =>
  type === Type.DOUBLE || type === Type.INT64
    ? 8
    : type === Type.FLOAT || type === Type.INT32
      ? 4
      : type === Type.FLOAT16 || type === Type.BFLOAT16
        ? 2
        : 1;

/** Places of tuples of indices, [entries, axes] in a row. */
function inARow(indices: readonly number[], dims: readonly number[]): number[] {
  const rank = dims.length;
  return Array.from({ length: rank === 0 ? 0 : indices.length / rank }, (_, i) =>
    dims.reduce((at, size, axis) => at * size + (indices[i * rank + axis] as number), 0),
  );
}
