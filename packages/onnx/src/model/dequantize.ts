import { type NodeProto, type TensorProto, TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { floatTensor, readFloats } from './tensor.js';

/** Reads the elements of a byte view; undefined for types that a model is not quantized to here. */
const READERS: Readonly<Partial<Record<number, (buffer: ArrayBuffer) => ArrayLike<number>>>> = {
  [Type.INT8]: (buffer) => new Int8Array(buffer),
  [Type.UINT8]: (buffer) => new Uint8Array(buffer),
  [Type.INT16]: (buffer) => new Int16Array(buffer),
  [Type.UINT16]: (buffer) => new Uint16Array(buffer),
  [Type.INT32]: (buffer) => new Int32Array(buffer),
};

/** The smallest and the largest value of a type that activations are quantized to. */
export const QUANTIZED_RANGE: Readonly<Partial<Record<number, readonly [number, number]>>> = {
  [Type.INT8]: [-128, 127],
  [Type.UINT8]: [0, 255],
  [Type.INT16]: [-32768, 32767],
  [Type.UINT16]: [0, 65535],
};

/** The integers of a quantized tensor, as they stand in it; undefined for another element type. */
export function readQuantized(tensor: TensorProto): ArrayLike<number> | undefined {
  const read = READERS[tensor.dataType];
  if (read === undefined || tensor.rawData.length === 0) return read && tensor.int32Data;
  return read(tensor.rawData.slice().buffer);
}

/** A DequantizeLinear whose inputs are all constants. */
export interface Quantized {
  readonly tensor: TensorProto;
  readonly values: ArrayLike<number>;
  /** One, or one for each index along the axis. */
  readonly scale: TensorProto;
  readonly zeroPoint: TensorProto | undefined;
  readonly axis: number;
}

/**
 * What a DequantizeLinear reads, if it is constant; undefined also for scales by block, and for types of less than 8
 * bits.
 */
export function quantizedConstant(
  node: NodeProto,
  constant: (name: string) => TensorProto | undefined,
): Quantized | undefined {
  if (node.opType !== 'DequantizeLinear' || node.domain !== '') return undefined;
  const [tensor, scale, zeroPoint] = node.input.map(constant);
  const values = tensor && readQuantized(tensor);
  if (tensor === undefined || scale === undefined || values === undefined) return undefined;
  if ((node.input[2] ?? '') !== '' && zeroPoint === undefined) return undefined;
  const attribute = (name: string, fallback: number): number =>
    Number(node.attribute.find((each) => each.name === name)?.i ?? fallback);
  const rank = tensor.dims.length;
  const axis = attribute('axis', 1);
  if (attribute('block_size', 0) !== 0 || scale.dims.length > 1) return undefined;
  return { tensor, values, scale, zeroPoint, axis: axis < 0 ? axis + rank : axis };
}

/** The constant that a DequantizeLinear of constants computes: (q - zero point) scale; undefined for any other node. */
export function dequantizedConstant(
  node: NodeProto,
  constant: (name: string) => TensorProto | undefined,
): TensorProto | undefined {
  const found = quantizedConstant(node, constant);
  if (found === undefined) return undefined;
  const { tensor, values, axis } = found;
  const scales = readFloats(found.scale);
  const zeros = (found.zeroPoint && readQuantized(found.zeroPoint)) ?? [0];
  const dims = tensor.dims.map(Number);
  const stride = dims.slice(axis + 1).reduce((product, size) => product * size, 1);
  const dequantized = Float32Array.from(values, (value, i) => {
    const at = Math.floor(i / stride) % (dims[axis] ?? 1);
    const zero = zeros[zeros.length === 1 ? 0 : at] as number;
    return (value - zero) * (scales[scales.length === 1 ? 0 : at] as number);
  });
  return floatTensor(node.output[0] ?? '', dims, dequantized);
}
