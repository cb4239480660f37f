import { create } from '@bufbuild/protobuf';
import { test } from 'tap';
import { TensorProtoSchema, TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { gradients } from '../gradient/gradients.js';
import { fileOf } from '../testing/fixtures.js';
import { outputOf, run } from '../testing/runtime.js';
import { newGraph } from './new-graph.js';

/** The gradient of 2 x + 3 y + 5 z ... behind QuantizeLinear and DequantizeLinear, for x and so on. */
async function straightThrough(
  type: number,
  zero: readonly number[],
  scales: readonly number[],
  back: readonly number[],
  x: number[],
  dims: number[],
) {
  const graph = newGraph(17);
  const shape = scales.length === 1 ? [] : [scales.length];
  const rawData = Uint8Array.from(zero, (value) => value & 255);
  const zeroPoint = graph.adopt(
    create(TensorProtoSchema, { name: 'zero', dims: shape.map(BigInt), dataType: type, rawData }),
  );
  const input = graph.input('x', dims);
  const q = graph.op('QuantizeLinear', [input, graph.constant(Float32Array.from(scales), shape), zeroPoint], {
    axis: 0,
  });
  const y = graph.op('DequantizeLinear', [q, graph.constant(Float32Array.from(back), shape), zeroPoint], { axis: 0 });
  const weights = graph.constant(
    Float32Array.from(x, (_, i) => i + 2),
    dims,
  );
  const loss = graph.reduceSum(
    graph.mul(y, weights),
    dims.map((_, axis) => axis),
  );
  const g = gradients(graph, loss, [input]).get('x');
  if (g === undefined) throw new Error('there is no gradient');
  const results = await run(fileOf(graph, { g }), new Map([['x', { data: Float32Array.from(x), dims }]]));
  return [...outputOf(results, 'g')];
}

test('rounding passes the gradient on, and a value that saturates stops it', async (t) => {
  // -100 to 155 in steps of 1/2: from -50.25 to 77.75.
  const x = [-60, -50.2, -50, 0.1, 77.5, 77.7, 78];
  t.same(await straightThrough(Type.UINT8, [100], [0.5], [0.5], x, [7]), [0, 3, 4, 5, 6, 7, 0]);
  // -138 to 117 in steps of 1/2: from -69.25 to 58.75.
  t.same(await straightThrough(Type.INT8, [10], [0.5], [0.5], [-69.5, -69.2, 58.7, 59], [4]), [0, 3, 4, 0]);
});

test('scales that differ on the way and by channel count', async (t) => {
  t.same(await straightThrough(Type.INT8, [0], [0.5], [2], [1, 2], [2]), [8, 12]);
  t.same(await straightThrough(Type.INT8, [0, 100], [0.5, 4], [1, 2], [1, 63.6, 1, 112], [2, 2]), [4, 6, 2, 0]);
});
