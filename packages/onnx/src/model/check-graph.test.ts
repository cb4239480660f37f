import { create } from '@bufbuild/protobuf';
import { test } from 'tap';
import { TensorProtoSchema, TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { parseModel, serializeModel } from '../index.js';
import { newGraph } from '../operators/new-graph.js';
import { modelOf } from '../testing/fixtures.js';
import { checkTensor } from './check-graph.js';
import { copyProto } from './model.js';

/** Why a tensor is refused; empty if it is not. */
function refusal(
  dataType: number,
  dims: readonly bigint[],
  fields: { rawData?: Uint8Array; int32Data?: number[] },
): string {
  try {
    checkTensor(
      create(TensorProtoSchema, { name: 'w', dataType, dims: [...dims], ...fields }),
      (why) => new Error(why),
    );
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : `${error}`;
  }
}

const raw = (length: number) => ({ rawData: new Uint8Array(length) });

test('a tensor holds as many bytes as its type and its shape say', async (t) => {
  const bytes: [number, number][] = [
    [Type.FLOAT, 24],
    [Type.FLOAT16, 12],
    [Type.BFLOAT16, 12],
    [Type.DOUBLE, 48],
    [Type.INT8, 6],
    [Type.INT32, 24],
    [Type.INT64, 48],
    [Type.BOOL, 6],
    [Type.INT4, 3],
  ];
  for (const [type, count] of bytes) {
    t.equal(refusal(type, [2n, 3n], raw(count)), '', `type ${type}`);
    for (const other of [count - 1, count + 1])
      t.match(refusal(type, [2n, 3n], raw(other)), /should hold 6 values/, `type ${type}`);
  }
  t.equal(refusal(Type.FLOAT16, [2n], { int32Data: [1, 2] }), '');
  t.match(refusal(Type.FLOAT16, [2n], { int32Data: [1] }), /should hold 2 values/);
  t.match(refusal(Type.INT8, [2n], { int32Data: [1, 2], ...raw(2) }), /should hold 2 values/);
  t.equal(refusal(Type.FLOAT, [0n, 3n], {}), '');
});

test('impossible shapes and unknown types are refused', async (t) => {
  t.match(refusal(Type.FLOAT, [-2n, -3n], raw(24)), '"w" has the impossible shape [-2, -3]');
  t.match(refusal(Type.FLOAT, [2n ** 62n, 2n ** 62n], raw(0)), 'impossible shape');
  t.match(refusal(Type.FLOAT, [0n, 2n ** 62n], raw(0)), 'impossible shape');
  t.match(refusal(99, [1n], raw(4)), '"w" is of the unknown type 99');
});

test('nodes that stand in a circle, and values that are there twice, are refused', async (t) => {
  const graph = newGraph(17);
  const model = modelOf(graph, graph.op('Relu', [graph.op('Identity', [graph.input('x', [2])])]));
  const altered = (change: (nodes: typeof model.graph.node) => void) => {
    const { proto, graph: copy } = copyProto(model);
    change(copy.node);
    return () => parseModel(serializeModel({ ...model, proto }));
  };
  t.doesNotThrow(altered(() => {}));
  const circle = altered(([identity]) => {
    if (identity !== undefined) identity.input = [...identity.output];
  });
  t.throws(circle, { code: 'ONNX_NOT_A_MODEL', message: /reads ".+" before it is computed/ });
  t.throws(
    altered((nodes) => nodes.reverse()),
    { code: 'ONNX_NOT_A_MODEL', message: /before it is computed/ },
  );
  const twice = altered(([identity, relu]) => {
    if (identity !== undefined && relu !== undefined) relu.output = [...identity.output];
  });
  t.throws(twice, { code: 'ONNX_NOT_A_MODEL', message: /is there already/ });
});
