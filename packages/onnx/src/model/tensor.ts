import { create } from '@bufbuild/protobuf';
import { OnnxError } from '../errors.js';
import { type TensorProto, TensorProtoSchema, TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from './half.js';

/**
 * The values of a tensor of float32, or of float16, bfloat16 or double as float32.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: another element type
 */
export function readFloats(tensor: TensorProto): Float32Array {
  const { rawData, int32Data } = tensor;
  const raw = rawData.length > 0;
  // A copy: the bytes of a message may start at any offset, and a Float32Array wants a multiple of four.
  const { buffer } = rawData.slice();
  switch (tensor.dataType) {
    case Type.FLOAT:
      return raw ? new Float32Array(buffer) : Float32Array.from(tensor.floatData);
    case Type.FLOAT16:
      return fromFloat16(raw ? new Uint16Array(buffer) : int32Data);
    case Type.BFLOAT16:
      return fromBfloat16(raw ? new Uint16Array(buffer) : int32Data);
    case Type.DOUBLE:
      return Float32Array.from(raw ? new Float64Array(buffer) : tensor.doubleData);
  }
  const type = Type[tensor.dataType] ?? tensor.dataType;
  throw new OnnxError('ONNX_UNSUPPORTED', `tensor "${tensor.name}" is of type ${type}; export the model in float32.`);
}

/** The integers of an int64 initializer. @throws OnnxError ONNX_UNSUPPORTED: another element type */
export function readInts(tensor: TensorProto): number[] {
  if (tensor.dataType !== Type.INT64) {
    throw new OnnxError('ONNX_UNSUPPORTED', `tensor "${tensor.name}" should hold int64 values.`);
  }
  const values = tensor.rawData.length === 0 ? tensor.int64Data : [...new BigInt64Array(tensor.rawData.slice().buffer)];
  return values.map(Number);
}

/** A float32 initializer. */
export function floatTensor(name: string, dims: readonly number[], values: Float32Array): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: Type.FLOAT,
    rawData: new Uint8Array(values.slice().buffer),
  });
}

/**
 * An initializer of a floating type, rounded to nearest, ties to even.
 *
 * @param type FLOAT, FLOAT16, BFLOAT16 or DOUBLE
 * @throws OnnxError ONNX_UNSUPPORTED: a number is too large for the type
 */
export function tensorOfType(type: number, name: string, dims: readonly number[], values: Float32Array): TensorProto {
  if (type === Type.FLOAT || !isFloatType(type)) return floatTensor(name, dims, values);
  const data =
    type === Type.DOUBLE ? Float64Array.from(values) : type === Type.FLOAT16 ? toFloat16(values) : toBfloat16(values);
  const rawData = new Uint8Array(data.buffer);
  const tensor = create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: type, rawData });
  const large = readFloats(tensor).findIndex((value) => !Number.isFinite(value));
  if (large < 0 || !Number.isFinite(values[large])) return tensor;
  throw new OnnxError(
    'ONNX_UNSUPPORTED',
    `"${name}" has the value ${values[large]} at index ${large}, which ${Type[type]} does not hold; convert the model to float32.`,
  );
}

/** Whether an element type is one that readFloats reads. */
export const isFloatType = (type: number): boolean =>
  type === Type.FLOAT || type === Type.FLOAT16 || type === Type.BFLOAT16 || type === Type.DOUBLE;

/** An int64 initializer: a vector, or a scalar if given one number. */
export function intTensor(name: string, values: readonly (number | bigint)[] | number | bigint): TensorProto {
  const scalar = typeof values === 'number' || typeof values === 'bigint';
  const list = scalar ? [values] : values;
  return create(TensorProtoSchema, {
    name,
    dims: scalar ? [] : [BigInt(list.length)],
    dataType: Type.INT64,
    rawData: new Uint8Array(BigInt64Array.from(list, withinInt64).buffer),
  });
}

/** Bounds of a slice are often the largest and smallest int64, which a number holds only roughly. */
function withinInt64(value: number | bigint): bigint {
  const whole = BigInt(value);
  return whole > MAX_INT64 ? MAX_INT64 : whole < 0n - MAX_INT64 - 1n ? 0n - MAX_INT64 - 1n : whole;
}

const MAX_INT64 = 2n ** 63n - 1n;
