import { test } from 'tap';
import { gradients } from '../gradient/gradients.js';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { fileOf } from '../testing/fixtures.js';
import { outputOf, run } from '../testing/runtime.js';
import { newGraph } from './new-graph.js';

/** Values at which formulas divide by 0, or take a logarithm of it, while the function has a value. */
const AT: readonly (readonly [string, number[], (graph: Graph, x: Value) => Value])[] = [
  ['the root of 0', [0, 4], (graph, x) => graph.sqrt(x)],
  ['the norm of a zero vector', [0, 0], (graph, x) => graph.op('ReduceL2', [x], { keepdims: 0 })],
  [
    'the norm of a zero vector in primitive operators',
    [0, 0],
    (graph, x) => graph.sqrt(graph.reduceSum(graph.mul(x, x), [0])),
  ],
  ['the direction of a zero vector', [0, 0], (graph, x) => graph.op('LpNormalization', [x], { axis: 0 })],
  ['a root as a power of 0', [0, 4], (graph, x) => graph.op('Pow', [x, graph.constant(0.5)])],
  ['a power of 0', [0, 4], (graph, x) => graph.op('Pow', [x, graph.constant(0.3)])],
  ['a power 0 of 0', [0, 4], (graph, x) => graph.op('Pow', [x, graph.constant(0)])],
  ['powers of 0', [0, 0, 0, 2], (graph, x) => graph.op('Pow', [x, graph.constant(Float32Array.of(0, 0.5, 1, 3), [4])])],
  ['integer powers', [0, 0, 3, -2], (graph, x) => graph.op('Pow', [x, graph.ints([0, 2, 2, 3])])],
  ['0 to the power of x', [2, 0.5], (graph, x) => graph.op('Pow', [graph.constant(0), x])],
  ['a negative number to the power of x', [2, 3], (graph, x) => graph.op('Pow', [graph.constant(-2), x])],
  ['a product with a 0', [0, 2, 3], (graph, x) => graph.op('ReduceProd', [x], { keepdims: 0 })],
  ['a product with two 0', [0, 2, 0], (graph, x) => graph.op('ReduceProd', [x], { keepdims: 0 })],
  ['the ends of asin', [-1, 1, 0], (graph, x) => graph.op('Asin', [x])],
  ['the ends of acos', [-1, 1, 0], (graph, x) => graph.op('Acos', [x])],
  ['the end of acosh', [1, 2], (graph, x) => graph.op('Acosh', [x])],
  [
    'a clip without an upper end',
    [0, -1, 2],
    (graph, x) => graph.op('Clip', [x, graph.constant(0), graph.constant(Number.POSITIVE_INFINITY)]),
  ],
  ['a masked row', [1, 2], (graph, x) => masked(graph, x, Number.NEGATIVE_INFINITY)],
];

/** A Softmax over two rows, of which one is masked whole, with its NaN replaced by 0. */
function masked(graph: Graph, x: Value, least: number): Value {
  const mask = graph.constant(Float32Array.of(0, 0, least, least), [2, 2]);
  const y = graph.softmax(graph.plus(x, mask));
  return graph.op('Where', [graph.op('IsNaN', [y]), graph.constant(0), y]);
}

for (const [title, at, build] of AT) {
  test(`the gradient is finite at ${title}`, async (t) => {
    const graph = newGraph(title.includes('direction') ? 22 : 17);
    const x = graph.input('x', [at.length]);
    const y = build(graph, x);
    const weights = graph.constant(Float32Array.from({ length: 4 }, (_, i) => i - 1.5).slice(0, 1), [1]);
    const loss = graph.op('ReduceSum', [graph.mul(y, weights)], { keepdims: 0 });
    const gradient = gradients(graph, loss, [x]).get('x') as Value;
    const found = await run(
      fileOf(graph, { y, gradient }),
      new Map([['x', { data: Float32Array.from(at), dims: [at.length] }]]),
    );
    t.ok(outputOf(found, 'y').every(Number.isFinite), 'the value is finite');
    t.ok(outputOf(found, 'gradient').every(Number.isFinite), `${outputOf(found, 'gradient')}`);
  });
}

test('the gradient of a product with one 0 goes to that element alone', async (t) => {
  const graph = newGraph(18);
  const x = graph.input('x', [2, 3]);
  const y = graph.op('ReduceProd', [x, graph.ints([1])], { keepdims: 0 });
  const gradient = gradients(graph, graph.reduceSum(y, [0]), [x]).get('x') as Value;
  const data = Float32Array.of(0, 2, 3, 4, 5, 6);
  const found = await run(fileOf(graph, { gradient }), new Map([['x', { data, dims: [2, 3] }]]));
  t.same([...outputOf(found, 'gradient')], [6, 0, 0, 30, 24, 20]);
});
