import { test } from 'tap';
import { gradients } from '../gradient/gradients.js';
import { fileOf, fill, normals } from '../testing/fixtures.js';
import { distance, outputOf, run } from '../testing/runtime.js';
import { newGraph } from './new-graph.js';

for (const [lengths, pieces] of [
  [2, [0, 2, 4, 5]],
  [
    [1, 4],
    [0, 1, 5],
  ],
] as const) {
  test(`the elements of a sequence split at ${lengths} have the gradients of their pieces`, async (t) => {
    const graph = newGraph(17);
    const x = graph.input('x', [3, 5]);
    const sequence = graph.op('SplitToSequence', [x, graph.ints(lengths)], { axis: 1 });
    const element = (i: number) => graph.op('SequenceAt', [sequence, graph.ints(i)]);
    const sumOf = (i: number, factor: number) =>
      graph.reduceSum(graph.reshape(graph.exp(graph.scale(element(i), factor)), [-1]), [0]);
    const [dx] = gradients(graph, graph.plus(sumOf(0, 1), sumOf(-1, 2)), [x]).values();
    if (dx === undefined) throw new Error('there is no gradient');
    const data = fill(15, normals(5));
    const results = await run(fileOf(graph, { dx }), new Map([['x', { data, dims: [3, 5] }]]));
    const expected = Array.from(data, (value, i) => {
      if (i % 5 < (pieces[1] as number)) return Math.exp(value);
      return i % 5 >= (pieces.at(-2) as number) ? 2 * Math.exp(2 * value) : 0;
    });
    t.ok(distance(outputOf(results, 'dx'), expected) < 1e-6);
  });
}
