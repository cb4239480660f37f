import { test } from 'tap';
import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import {
  describeModel,
  fixSizes,
  floatInterface,
  openBatch,
  parseModel,
  serializeModel,
  trainingModel,
} from '../index.js';
import { copyProto } from '../model/model.js';
import { modelBytes } from '../model/model-bytes.js';
import { meanEntropy } from '../testing/losses.js';
import { computed, images, modelWith } from '../testing/outputs.js';
import { distance, outputOf, run } from '../testing/runtime.js';
import { constantOf } from '../testing/small-models.js';
import { scores } from '../testing/whole-models.js';
import { describedValue, int, nodeOf } from './rewrite.js';

/** Models of a batch of one, as exporters write them. */
const FIXED: readonly (readonly [string, (graph: Graph, x: Value) => Value])[] = [
  [
    'reshapes',
    (g, x) => {
      const y = g.op('Conv', [x, constantOf(g, [4, 3, 1, 1], 4), constantOf(g, [4], 5)], { kernel_shape: [1, 1] });
      return g.op('Gemm', [g.reshape(g.op('Relu', [y]), [1, 256]), constantOf(g, [256, 5], 6)]);
    },
  ],
  [
    'heads of attention',
    (g, x) => {
      const tokens = g.transpose(g.reshape(x, [1, 3, 64]), [0, 2, 1]);
      const q = g.transpose(g.reshape(g.matmul(tokens, constantOf(g, [3, 8], 2)), [1, 64, 2, 4]), [0, 2, 1, 3]);
      const rows = g.reshape(q, [2, 64, 4]);
      const mixed = g.matmul(g.softmax(g.matmul(rows, g.transpose(rows, [0, 2, 1]))), rows);
      const back = g.reshape(g.transpose(g.reshape(mixed, [1, 2, 64, 4]), [0, 2, 1, 3]), [1, 64, 8]);
      return g.op('Gemm', [g.reduceMean(back, [1]), constantOf(g, [8, 5], 6)]);
    },
  ],
  [
    'a class token',
    (g, x) => {
      const tokens = g.transpose(g.reshape(x, [1, 3, 64]), [0, 2, 1]);
      const all = g.op('Concat', [constantOf(g, [1, 1, 3], 3), tokens], { axis: 1 });
      return g.matmul(g.op('Gather', [g.mul(all, all), g.ints(0)], { axis: 1 }), constantOf(g, [3, 5], 6));
    },
  ],
  [
    'resizing to a size',
    (g, x) => {
      const large = g.op('Resize', [x, undefined, undefined, g.ints([1, 3, 16, 16])], { mode: 'nearest' });
      return g.matmul(g.reduceMean(g.op('Relu', [large]), [2, 3]), constantOf(g, [3, 5], 6));
    },
  ],
];

for (const [title, build] of FIXED) {
  test(`a batch of one is opened: ${title}`, async (t) => {
    const model = modelWith((g, x) => ({ y: build(g, x) }), [1, 3, 8, 8]);
    const { model: open, changes } = openBatch(model);
    t.match(changes[0], /opened the batch/);
    t.same(describeModel(open).inputShape, ['batch', 3, 8, 8]);
    const three = await computed(open, 3);
    const { data } = images(3);
    for (let i = 0; i < 3; i++) {
      const one = { data: data.slice(i * 192, (i + 1) * 192), dims: [1, 3, 8, 8] };
      const alone = outputOf(await run(serializeModel(model), new Map([['x', one]])), 'y');
      t.ok(distance(three.subarray(i * 5, i * 5 + 5), alone) < 1e-5, `image ${i}`);
    }
    t.equal(distance(await computed(open, 1), await computed(model, 1)), 0, 'and of one');
  });
}

test('a batch that is mixed cannot be opened, and the node is named', async (t) => {
  const model = modelWith((g, x) => ({ y: g.op('Flatten', [g.sub(x, g.reduceMean(x, [0], true))]) }), [1, 3, 8, 8]);
  t.throws(() => openBatch(model), {
    code: 'ONNX_UNSUPPORTED',
    message: /a ReduceMean, goes over the batch; export it with a dynamic batch/,
  });
});

test('a batch of -1 is open', async (t) => {
  const model = modelWith((g, x) => ({ y: scores(g, x) }));
  const type = model.input.type?.value;
  if (type?.case === 'tensorType' && type.value.shape?.dim[0])
    type.value.shape.dim[0].value = { case: 'dimValue', value: -1n };
  t.same(describeModel(model).inputShape, ['axis0', 3, 8, 8]);
  t.equal(trainingModel(model, meanEntropy).gradients.size, 2);
});

test('open sizes are fixed', async (t) => {
  const model = modelWith((g, x) => ({ y: scores(g, x) }), [undefined, 3, undefined, undefined]);
  const { model: sized, changes } = fixSizes(model, [3, 8, 8]);
  t.same(describeModel(sized).inputShape, ['batch', 3, 8, 8]);
  t.equal(changes.length, 1);
  t.equal((await computed(sized, 3)).length, 15);
  for (const sizes of [
    [1, 8, 8],
    [3, 8],
    [3, 0, 8],
  ])
    t.throws(() => fixSizes(model, sizes), { code: 'ONNX_UNSUPPORTED' });
});

test('float16, double and bytes are given as float32', async (t) => {
  const cast = (g: Graph, x: Value): Value => scores(g, g.mul(g.op('Cast', [x], { to: 1 }), g.constant(1 / 255)));
  for (const type of [Type.FLOAT16, Type.DOUBLE, Type.UINT8]) {
    const { proto, graph } = copyProto(modelWith((g, x) => ({ y: cast(g, x) })));
    graph.input = graph.input.map((each) => describedValue(each, { elemType: type }));
    if (type !== Type.UINT8) {
      // Gives its scores in its own type.
      graph.node.push(nodeOf('Cast', ['y'], 'z', [int('to', type)]));
      graph.output = graph.output.map((each) => describedValue(each, { name: 'z', elemType: type }));
    }
    const model = parseModel(modelBytes(proto), 'odd.onnx');
    const { model: float, changes } = floatInterface(model);
    t.equal(changes.length, type === Type.UINT8 ? 1 : 2);
    t.equal(describeModel(float).inputType, 'float32');
    const bytes = { data: Float32Array.from({ length: 3 * 192 }, (_, i) => i % 256), dims: [3, 3, 8, 8] };
    const found = outputOf(await run(serializeModel(float), new Map([['x', bytes]])), float.output.name);
    const plain = outputOf(
      await run(serializeModel(modelWith((g, x) => ({ y: cast(g, x) }))), new Map([['x', bytes]])),
      'y',
    );
    t.ok(distance(found, plain) < 2e-3, Type[type]);
    t.equal(trainingModel(float, meanEntropy).gradients.size, 2);
  }
});
