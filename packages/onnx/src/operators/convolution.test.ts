import { test } from 'tap';
import { OnnxError } from '../errors.js';
import { gradients } from '../gradient/gradients.js';
import type { Graph } from '../graph/graph.js';
import type { Attributes, Shape, Value } from '../graph/types.js';
import { newGraph } from './new-graph.js';

/**
 * The graph with the gradient of the sum of some convolutions of one value, all with one kernel, written behind them.
 */
function backward(shape: Shape, kernel: readonly number[], variants: readonly Attributes[], type = 'Conv'): Graph {
  const graph = newGraph(17);
  const x = graph.input('x', shape);
  const weight = graph.constant(new Float32Array(kernel.reduce((product, size) => product * size, 1)).fill(1), kernel);
  const sumOf = (attributes: Attributes): Value =>
    graph.reduceSum(graph.reshape(graph.op(type, [x, weight], attributes), [-1]), [0]);
  const [first = graph.constant(0), ...rest] = variants.map(sumOf);
  gradients(graph, graph.sum(first, ...rest), [x]);
  return graph;
}

const count = (graph: Graph, type: string): number => graph.operations.filter((op) => op.type === type).length;

test('a kernel that two convolutions read is turned once', async (t) => {
  const graph = backward([2, 3, 8, 8], [5, 3, 3, 3], [{}, { pads: [1, 1, 1, 1] }]);
  t.equal(count(graph, 'Conv'), 4);
  const turned = [...graph.constants.values()].filter(({ dims }) => String(dims) === '3,5,3,3');
  t.equal(turned.length, 1);
});

test('a kernel that is the Identity of a constant is a constant', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [2, 3, 8]);
  const weight = graph.op('Identity', [graph.constant(new Float32Array(45), [5, 3, 3])]);
  gradients(graph, graph.reduceSum(graph.op('Conv', [x, weight]), [0, 1, 2]), [x]);
  t.equal(count(graph, 'ConvTranspose'), 0);
});

test('with stride 1 the gradient is a convolution too', async (t) => {
  for (const spatial of [[8], [8, 8], [8, 8, 8]]) {
    const graph = backward([2, 3, ...spatial], [5, 3, ...spatial.map(() => 3)], [{}]);
    t.equal(count(graph, 'ConvTranspose'), 0, `${spatial.length} axes`);
  }
});

test('with a stride the gradient of a convolution of every channel by itself is a convolution too', async (t) => {
  const attributes = { strides: [2, 2], pads: [1, 1, 1, 1], group: 4 };
  for (const size of [8, 9]) {
    t.equal(count(backward([2, 4, size, size], [4, 1, 3, 3], [attributes]), 'ConvTranspose'), 0, `size ${size}`);
  }
});

test('with a stride in three axes the gradient is a convolution too', async (t) => {
  const graph = backward([2, 3, 8, 9, 8], [5, 3, 3, 3, 3], [{ strides: [2, 2, 2], pads: [1, 1, 1, 1, 1, 1] }]);
  t.equal(count(graph, 'ConvTranspose'), 0);
});

test('a stride and an image of open size: the message names the node and the remedy', async (t) => {
  try {
    backward([2, 3, undefined, undefined], [5, 3, 3, 3], [{ strides: [2, 2] }]);
    t.fail('nothing was thrown');
  } catch (error) {
    t.ok(error instanceof OnnxError && error.code === 'ONNX_UNSUPPORTED');
    t.match(String(error), /gradient of "renorm\/Conv_\d+", a Conv, .* export the model with a fixed image size/);
  }
});

test('a transposed convolution that states its output is refused', async (t) => {
  const stating: Attributes[] = [{ output_shape: [9, 9] }, { auto_pad: 'SAME_UPPER' }, { output_padding: [1, 1] }];
  for (const attributes of stating) {
    t.throws(() => backward([2, 3, 4, 4], [3, 5, 3, 3], [attributes], 'ConvTranspose'), { code: 'ONNX_UNSUPPORTED' });
  }
});
