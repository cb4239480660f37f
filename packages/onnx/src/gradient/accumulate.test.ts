import { test } from 'tap';
import { newGraph } from '../operators/new-graph.js';
import { fileOf, fill, normals } from '../testing/fixtures.js';
import { distance, outputOf, run } from '../testing/runtime.js';
import { gradients } from './gradients.js';

test('a value that two nodes rearrange in one way: their gradients are rearranged together, and are right', async (t) => {
  const next = normals(21);
  const graph = newGraph(17);
  const x = graph.input('x', [undefined, 2, 6, 6]);
  const perm = [0, 2, 3, 1];
  const main = graph.exp(graph.transpose(x, perm));
  // As a model may have it; the graph's own methods would take the first again.
  const again = { name: 'again:0', shape: [undefined, 6, 6, 2] };
  graph.add({ type: 'Transpose', name: 'again', inputs: [x], outputs: [again], attributes: { perm } });
  const shortcut = graph.neg(again);
  const partOf = (value: typeof main) => graph.reduceSum(graph.mul(value, value), [0, 1, 2, 3]);
  const gradientOf = (loss: typeof main) => gradients(graph, loss, [x]).get('x');
  const outputs = {
    both: gradientOf(graph.plus(partOf(main), partOf(shortcut))),
    first: gradientOf(partOf(main)),
    second: gradientOf(partOf(shortcut)),
  };
  const { both, first, second } = outputs;
  if (both === undefined || first === undefined || second === undefined) throw new Error('a gradient is missing');
  t.equal(graph.producer(both)?.type, 'Transpose', 'the last step of the sum is one rearrangement');
  const results = await run(
    fileOf(graph, { both, first, second }),
    new Map([['x', { data: fill(144, next), dims: [2, 2, 6, 6] }]]),
  );
  const one = outputOf(results, 'second');
  const expected = outputOf(results, 'first').map((value, i) => value + (one[i] as number));
  t.ok(distance(outputOf(results, 'both'), expected) < 1e-5);
});

test('gradients that were rearranged in different ways are added as they are', async (t) => {
  const graph = newGraph(17);
  const x = graph.input('x', [2, 2, 2]);
  const turned = (perm: number[]) => graph.transpose(x, perm);
  const weight = graph.constant(
    Float32Array.from({ length: 8 }, (_, i) => i),
    [2, 2, 2],
  );
  const part = (perm: number[]) => graph.reduceSum(graph.mul(turned(perm), weight), [0, 1, 2]);
  const dx = gradients(graph, graph.plus(part([1, 0, 2]), part([0, 2, 1])), [x]).get('x');
  if (dx === undefined) throw new Error('there is no gradient');
  const results = await run(fileOf(graph, { dx }), new Map([['x', { data: new Float32Array(8), dims: [2, 2, 2] }]]));
  const at = (i: number, j: number, k: number) => 4 * i + 2 * j + k;
  const expected = Array.from({ length: 8 }, (_, n) => {
    const [i, j, k] = [n >> 2, (n >> 1) & 1, n & 1];
    return at(j, i, k) + at(i, k, j);
  });
  t.same([...outputOf(results, 'dx')], expected);
});
