import { type GraphProto, type TensorProto, TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { readBy } from './bodies.js';
import { nameOf } from './node.js';

/** Number of elements from which on a tensor is no tensor: 2^40. */
const LIMIT = 2 ** 40;

type Field = 'floatData' | 'int32Data' | 'int64Data' | 'doubleData' | 'uint64Data' | 'stringData';

/** For every element type: bits in raw_data, the field for typed data, and how many entries of it an element takes. */
const LAYOUT: Readonly<Partial<Record<number, readonly [bits: number, field: Field, entries: number]>>> = {
  [Type.FLOAT]: [32, 'floatData', 1],
  [Type.UINT8]: [8, 'int32Data', 1],
  [Type.INT8]: [8, 'int32Data', 1],
  [Type.UINT16]: [16, 'int32Data', 1],
  [Type.INT16]: [16, 'int32Data', 1],
  [Type.INT32]: [32, 'int32Data', 1],
  [Type.INT64]: [64, 'int64Data', 1],
  [Type.STRING]: [Number.NaN, 'stringData', 1],
  [Type.BOOL]: [8, 'int32Data', 1],
  [Type.FLOAT16]: [16, 'int32Data', 1],
  [Type.DOUBLE]: [64, 'doubleData', 1],
  [Type.UINT32]: [32, 'uint64Data', 1],
  [Type.UINT64]: [64, 'uint64Data', 1],
  [Type.COMPLEX64]: [64, 'floatData', 2],
  [Type.COMPLEX128]: [128, 'doubleData', 2],
  [Type.BFLOAT16]: [16, 'int32Data', 1],
  [Type.FLOAT8E4M3FN]: [8, 'int32Data', 1],
  [Type.FLOAT8E4M3FNUZ]: [8, 'int32Data', 1],
  [Type.FLOAT8E5M2]: [8, 'int32Data', 1],
  [Type.FLOAT8E5M2FNUZ]: [8, 'int32Data', 1],
  [Type.UINT4]: [4, 'int32Data', 0.5],
  [Type.INT4]: [4, 'int32Data', 0.5],
  [Type.FLOAT4E2M1]: [4, 'int32Data', 0.5],
  [Type.FLOAT8E8M0]: [8, 'int32Data', 1],
  [Type.UINT2]: [2, 'int32Data', 0.25],
  [Type.INT2]: [2, 'int32Data', 0.25],
};

/**
 * Checks that a tensor has a known type, sizes, and as much data as they say: a truncated file can still decode, with
 * its last tensor cut short.
 *
 * @param error makes the error that is thrown
 */
export function checkTensor(tensor: TensorProto, error: (why: string) => Error): void {
  const { name, dims, dataType, rawData } = tensor;
  const layout = LAYOUT[dataType];
  if (layout === undefined) throw error(`tensor "${name}" is of the unknown type ${dataType}`);
  const elements = dims.reduce((product, dim) => product * Number(dim), 1);
  if (dims.some((dim) => dim < 0n) || !(elements < LIMIT) || dims.some((dim) => dim >= LIMIT)) {
    throw error(`tensor "${name}" has the impossible shape [${dims.join(', ')}]`);
  }
  const [bits, field, entries] = layout;
  const raw = rawData.length === Math.ceil((elements * bits) / 8) && tensor[field].length === 0;
  const typed = rawData.length === 0 && tensor[field].length === Math.ceil(elements * entries);
  if (raw || typed) return;
  throw error(`tensor "${name}" should hold ${elements} values and does not; the file seems truncated`);
}

/**
 * What is wrong with the order of the nodes: a value that is written twice, or read before it is written. Undefined if
 * nothing is.
 */
export function firstMisplaced({ node, input, initializer }: GraphProto): string | undefined {
  const producers = new Map<string, number>();
  const given = new Set([...input, ...initializer].map(({ name }) => name));
  for (const [i, each] of node.entries()) {
    for (const value of each.output) {
      if (value === '') continue;
      if (producers.has(value) || given.has(value))
        return `"${value}", which node "${nameOf(each)}" computes, is there already`;
      producers.set(value, i);
    }
  }
  for (const [i, each] of node.entries()) {
    const late = readBy(each).find((value) => (producers.get(value) ?? -1) >= i);
    if (late !== undefined) return `node "${nameOf(each)}" reads "${late}" before it is computed`;
  }
  return undefined;
}
