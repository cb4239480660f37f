import { create } from '@bufbuild/protobuf';
import { test } from 'tap';
import {
  AttributeProto_AttributeType as AttributeType,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from '../gen/onnx/onnx_pb.js';
import { dequantizedConstant } from './dequantize.js';
import { floatTensor, readFloats } from './tensor.js';

/** What a DequantizeLinear of constants comes to. */
function values(x: TensorProto, scales: readonly number[], zeros: TensorProto | undefined, axis: number): number[] {
  const constants: Record<string, TensorProto> = {
    x,
    scale: floatTensor('scale', scales.length === 1 ? [] : [scales.length], Float32Array.from(scales)),
    ...(zeros === undefined ? {} : { zeros }),
  };
  const node = create(NodeProtoSchema, {
    opType: 'DequantizeLinear',
    input: ['x', 'scale', ...(zeros === undefined ? [] : ['zeros'])],
    output: ['y'],
    attribute: [{ name: 'axis', type: AttributeType.INT, i: BigInt(axis) }],
  });
  const found = dequantizedConstant(node, (name) => constants[name]);
  return found === undefined ? [] : [...readFloats(found)];
}

const quantized = (dataType: number, dims: number[], bytes: Uint8Array): TensorProto =>
  create(TensorProtoSchema, { name: 'q', dataType, dims: dims.map(BigInt), rawData: bytes });

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list, (value) => value & 255);

test('quantized constants are read back by tensor and by channel', async (t) => {
  const x = quantized(Type.INT8, [2, 3], bytes(-128, 0, 127, 1, 2, 3));
  t.same(values(x, [0.5], undefined, 1), [-64, 0, 63.5, 0.5, 1, 1.5]);
  t.same(values(x, [0.5], quantized(Type.INT8, [], bytes(-2)), 1), [-63, 1, 64.5, 1.5, 2, 2.5]);
  const zeros = quantized(Type.INT8, [2], bytes(1, 2));
  t.same(values(x, [0.5, 2], zeros, 0), [-64.5, -0.5, 63, -2, 0, 2]);
  t.same(values(x, [0.5, 2], zeros, -2), [-64.5, -0.5, 63, -2, 0, 2]);
  t.same(values(x, [1, 2, 4], quantized(Type.INT8, [3], bytes(0, 0, 1)), 1), [-128, 0, 504, 1, 4, 8]);
});

test('every type of quantized weights and biases is read', async (t) => {
  t.same(values(quantized(Type.UINT8, [2], bytes(255, 0)), [1], quantized(Type.UINT8, [], bytes(128)), 0), [127, -128]);
  t.same(
    values(quantized(Type.INT32, [1], new Uint8Array(Int32Array.of(-70000).buffer)), [0.5], undefined, 0),
    [-35000],
  );
  t.same(values(quantized(Type.UINT16, [1], bytes(255, 255)), [1], undefined, 0), [65535]);
  const typed = create(TensorProtoSchema, { name: 'q', dataType: Type.INT16, dims: [2n], int32Data: [-300, 300] });
  t.same(values(typed, [0.5], undefined, 0), [-150, 150]);
  t.same(values(quantized(Type.INT4, [2], bytes(0x12)), [1], undefined, 0), [], 'not those of less than 8 bits');
});
