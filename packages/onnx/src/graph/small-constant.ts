import { type TensorProto, TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { readFloats, readInts } from '../model/tensor.js';
import type { SmallTensor } from './small-tensor.js';

/** Tensors of more elements than this are weights or tables, not shapes. */
export const SMALL = 256;

/** A constant, if it is small enough for a shape and of a type that shapes are computed with. */
export function fromConstant(tensor: TensorProto): SmallTensor | undefined {
  const dims = tensor.dims.map(Number);
  if (dims.reduce((p, d) => p * d, 1) > SMALL) return undefined;
  switch (tensor.dataType) {
    case Type.INT64:
      return { dims, values: readInts(tensor), integer: true };
    case Type.INT32:
    case Type.BOOL:
      return { dims, values: smallIntegers(tensor), integer: true };
    case Type.FLOAT:
      return { dims, values: [...readFloats(tensor)], integer: false };
    default:
      return undefined;
  }
}

function smallIntegers({ rawData, int32Data, dataType }: TensorProto): number[] {
  if (rawData.length === 0) return [...int32Data];
  return dataType === Type.BOOL ? [...rawData] : [...new Int32Array(rawData.slice().buffer)];
}
