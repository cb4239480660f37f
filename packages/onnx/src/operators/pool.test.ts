import { type Test, test } from 'tap';
import { OnnxError } from '../errors.js';
import { gradients } from '../gradient/gradients.js';
import type { Attributes, Shape } from '../graph/types.js';
import { fileOf } from '../testing/fixtures.js';
import { outputOf, run } from '../testing/runtime.js';
import { newGraph } from './new-graph.js';

/** The gradient of the sum of what an operator gives. */
function gradientOf(operator: string, shape: Shape, attributes: Attributes, opset = 17): Uint8Array {
  const graph = newGraph(opset);
  const x = graph.input('x', shape);
  const y = graph.op(operator, [x], attributes);
  const loss = graph.reduceSum(graph.reshape(y, [-1]), [0]);
  return fileOf(graph, { gradient: gradients(graph, loss, [x]).get('x') ?? x });
}

async function goesTo(t: Test, operator: string, attributes: Attributes, rows: number[][], expected: number[][]) {
  const dims = [1, 1, rows.length, rows[0]?.length ?? 0];
  const feeds = new Map([['x', { data: Float32Array.from(rows.flat()), dims }]]);
  const found = outputOf(await run(gradientOf(operator, dims, attributes), feeds), 'gradient');
  t.same([...found], expected.flat());
}

test('of several maxima in a window the first gets the gradient, as in PyTorch', (t) =>
  goesTo(
    t,
    'MaxPool',
    { kernel_shape: [2, 2], strides: [2, 2] },
    [
      [0, 0, 1, 3],
      [0, 0, 3, 3],
    ],
    [
      [1, 0, 0, 1],
      [0, 0, 0, 0],
    ],
  ));

test('an element that is the maximum of several windows gets the gradient of each', (t) =>
  goesTo(
    t,
    'MaxPool',
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
    [
      [0, 0, 0, 0],
      [0, 9, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 5],
    ],
    [
      [0, 0, 0, 0],
      [0, 4, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ],
  ));

test('of several maxima of a channel the first gets the gradient', (t) =>
  goesTo(
    t,
    'GlobalMaxPool',
    {},
    [
      [1, 2],
      [2, 2],
    ],
    [
      [0, 1],
      [0, 0],
    ],
  ));

test('a maximum pooling with a batch of any size', async (t) => {
  const bytes = gradientOf('MaxPool', [undefined, 1, undefined, undefined], { kernel_shape: [1, 2] });
  const feeds = new Map([['x', { data: Float32Array.of(1, 2, 3, 9, 8, 7), dims: [2, 1, 1, 3] }]]);
  t.same([...outputOf(await run(bytes, feeds), 'gradient')], [0, 1, 1, 1, 1, 0]);
});

test('a window that would begin behind the input is none, also with ceil_mode', async (t) => {
  const attributes = { kernel_shape: [2], strides: [3], pads: [0, 1], ceil_mode: 1 };
  const bytes = gradientOf('AveragePool', [undefined, 1, 9], attributes);
  const feeds = new Map([['x', { data: new Float32Array(9), dims: [1, 1, 9] }]]);
  t.same([...outputOf(await run(bytes, feeds), 'gradient')], [0.5, 0.5, 0, 0.5, 0.5, 0, 0.5, 0.5, 0]);
});

test('what an average pooling needs to know is named where the model leaves it open', async (t) => {
  const open = [undefined, 3, undefined, undefined];
  const message = (attributes: Attributes) => {
    try {
      gradientOf('AveragePool', open, { kernel_shape: [3, 3], ...attributes });
      return 'nothing was thrown';
    } catch (error) {
      return error instanceof OnnxError ? error.message : String(error);
    }
  };
  t.match(message({ strides: [2, 2] }), /^ONNX_UNSUPPORTED: .* an AveragePool, depends on the size of its input/);
  t.match(message({ pads: [1, 1, 1, 1] }), /fixed image size/);
  t.equal(message({}), 'nothing was thrown');
  t.equal(message({ pads: [1, 1, 1, 1], count_include_pad: 1 }), 'nothing was thrown');
});

test('an operator set too old to add at indices is refused', async (t) => {
  t.throws(() => gradientOf('MaxPool', [1, 1, 4, 4], { kernel_shape: [2, 2] }, 15), { code: 'ONNX_UNSUPPORTED' });
});
