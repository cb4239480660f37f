import { create } from '@bufbuild/protobuf';
import { OnnxError } from './errors.js';
import { type TensorProto, TensorProto_DataType, TensorProtoSchema } from './gen/onnx/onnx_pb.js';

/** The float32 values of an initializer. @throws OnnxError ONNX_UNSUPPORTED: another element type */
export function readFloats(tensor: TensorProto): Float32Array {
  if (tensor.dataType !== TensorProto_DataType.FLOAT) {
    const type = TensorProto_DataType[tensor.dataType] ?? tensor.dataType;
    throw new OnnxError('ONNX_UNSUPPORTED', `tensor "${tensor.name}" is of type ${type}; export the model in float32.`);
  }
  if (tensor.rawData.length === 0) return Float32Array.from(tensor.floatData);
  // A copy: the bytes of a message may start at any offset, and a Float32Array wants a multiple of four.
  return new Float32Array(tensor.rawData.slice().buffer);
}

/** The integers of an int64 initializer. @throws OnnxError ONNX_UNSUPPORTED: another element type */
export function readInts(tensor: TensorProto): number[] {
  if (tensor.dataType !== TensorProto_DataType.INT64) {
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
    dataType: TensorProto_DataType.FLOAT,
    rawData: new Uint8Array(values.slice().buffer),
  });
}

/** An int64 initializer: a vector, or a scalar if given one number. */
export function intTensor(name: string, values: readonly (number | bigint)[] | number | bigint): TensorProto {
  const scalar = typeof values === 'number' || typeof values === 'bigint';
  const list = scalar ? [values] : values;
  return create(TensorProtoSchema, {
    name,
    dims: scalar ? [] : [BigInt(list.length)],
    dataType: TensorProto_DataType.INT64,
    rawData: new Uint8Array(BigInt64Array.from(list, withinInt64).buffer),
  });
}

/** Bounds of a slice are often the largest and smallest int64, which a number holds only roughly. */
function withinInt64(value: number | bigint): bigint {
  const whole = BigInt(value);
  return whole > MAX_INT64 ? MAX_INT64 : whole < 0n - MAX_INT64 - 1n ? 0n - MAX_INT64 - 1n : whole;
}

const MAX_INT64 = 2n ** 63n - 1n;
