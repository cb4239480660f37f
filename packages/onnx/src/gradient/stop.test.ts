import { test } from 'tap';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { newGraph } from '../operators/new-graph.js';
import { fileOf } from '../testing/fixtures.js';
import { outputOf, run } from '../testing/runtime.js';
import { gradients } from './gradients.js';

/** An operator without a rule. */
const opaque = (graph: Graph, x: Value): Value => graph.op('MeanVarianceNormalization', [x]);
const vector = (graph: Graph, name: string): Value => graph.input(name, [1, 3, 1]);
const total = (graph: Graph, ...parts: readonly [Value, ...Value[]]): Value =>
  graph.reduceSum(graph.sum(...parts), [0, 1, 2]);
const names = (values: readonly Value[]): string[] => values.map(({ name }) => name);

test('the gradient stops where asked to, and says where and which targets that costs', async (t) => {
  const graph = newGraph(17);
  const [a, b, c] = [vector(graph, 'a'), vector(graph, 'b'), vector(graph, 'c')];
  const loss = total(graph, graph.mul(opaque(graph, graph.mul(a, b)), c), b);
  const found = gradients(graph, loss, [a, b, c], { onMissingRule: 'stop' });
  t.same([...found.keys()], ['b', 'c']);
  t.same(names(found.unreached), ['a'], 'a stands before the operator on its only path');
  t.same(names(found.partial), ['b'], 'b goes round the operator too');
  t.same(
    found.stops.map(({ operation, input, reason }) => [operation.type, input, reason.code]),
    [['MeanVarianceNormalization', 0, 'ONNX_OPERATOR_WITHOUT_RULE']],
  );
});

test('nothing is stopped where every operator has a rule', async (t) => {
  const graph = newGraph(17);
  const a = vector(graph, 'a');
  const found = gradients(graph, total(graph, graph.exp(a)), [a], { onMissingRule: 'stop' });
  t.same([found.stops, found.unreached, found.partial], [[], [], []]);
});

test('a rule that refuses its attributes stops the gradient like a missing one', async (t) => {
  const graph = newGraph(17);
  const [a, b] = [graph.input('a', [undefined]), graph.input('b', [3])];
  const mirrored = graph.op('Pad', [a, graph.ints([1, 1])], { mode: 'reflect' });
  const loss = graph.plus(graph.reduceSum(mirrored, [0]), graph.reduceSum(b, [0]));
  t.throws(() => gradients(graph, loss, [a, b]), {
    code: 'ONNX_UNSUPPORTED',
    message: /^ONNX_UNSUPPORTED: the gradient of ".*", a Pad, .*reflect/,
  });
  const found = gradients(graph, loss, [a, b], { onMissingRule: 'stop' });
  t.same([[...found.keys()], names(found.unreached)], [['b'], ['a']]);
});

test('the error names what would still learn, and not what would learn from a part of its gradient', async (t) => {
  const graph = newGraph(17);
  const [a, b, c] = [vector(graph, 'a'), vector(graph, 'b'), vector(graph, 'c')];
  const loss = total(graph, graph.mul(opaque(graph, graph.mul(a, b)), c), b);
  t.throws(() => gradients(graph, loss, [a, b, c]), { message: /Only c would still learn without it/ });
  t.throws(() => gradients(graph, loss, [a]), { message: /No parameter would learn without it/ });
});

test('no gradient flows through what changes in steps', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [3]);
  const steps = graph.op('Floor', [x]);
  const whole = graph.op('Cast', [graph.op('Cast', [x], { to: 7 })], { to: 1 });
  const mask = graph.above(x, graph.constant(0));
  const loss = graph.reduceSum(graph.mul(x, graph.sum(steps, whole, mask)), [0]);
  const [dx] = gradients(graph, loss, [x]).values();
  if (dx === undefined) throw new Error('there is no gradient');
  const results = await run(
    fileOf(graph, { dx }),
    new Map([['x', { data: Float32Array.of(1.5, -0.5, 2.5), dims: [3] }]]),
  );
  t.same([...outputOf(results, 'dx')], [3, -1, 5], 'only the factor x has one');
  t.same([...gradients(graph, graph.reduceSum(steps, [0]), [x]).keys()], []);
});

test('a gradient that arrives at an output that no rule reads is not lost silently', async (t) => {
  const graph = newGraph(17);
  const [x, scale] = [graph.input('x', [2, 3]), graph.input('scale', [3])];
  const [y, mean] = graph.several('LayerNormalization', [x, scale], {}, 2, [
    [2, 3],
    [2, 1],
  ]);
  const loss = graph.reduceSum(graph.plus(y as Value, mean as Value), [0, 1]);
  t.throws(() => gradients(graph, loss, [x]), { code: 'ONNX_OPERATOR_WITHOUT_RULE', message: /LayerNormalization/ });
});

test('a deep graph takes time in proportion to its operations', async (t) => {
  const time = (depth: number): number => {
    const graph = newGraph(17);
    const x = graph.input('x', [3]);
    let y = x;
    for (let i = 0; i < depth; i++) y = graph.plus(graph.op('Tanh', [y]), x);
    const start = performance.now();
    t.equal(gradients(graph, graph.reduceSum(y, [0]), [x]).size, 1);
    return performance.now() - start;
  };
  time(1000);
  const [short, long] = [time(2000), time(20000)];
  t.ok(long < 40 * short + 50, `ten times the operations took ${(long / short).toFixed(1)} times as long`);
});
