import { test } from 'tap';
import { gradients } from '../../gradient/gradients.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';
import { fileOf, fill, normals } from '../../testing/fixtures.js';
import { distance, outputOf, run } from '../../testing/runtime.js';
import { newGraph } from '../new-graph.js';

const DIMS = [2, 6, 3];

/** The gradient for x of the sum of exp(k y) over the k-th piece y, and how often it has each operator. */
async function gradientOf(pieces: (graph: Graph, x: Value) => readonly Value[]) {
  const graph = newGraph(17);
  const x = graph.input('x', [undefined, ...DIMS.slice(1)]);
  const [first, ...rest] = pieces(graph, x).map((y, i) =>
    graph.reduceSum(graph.exp(graph.scale(y, i + 1)), [0, 1, 2].slice(0, y.shape?.length ?? 3)),
  );
  const loss = graph.sum(first as Value, ...rest);
  const before = graph.operations.length;
  const [dx] = gradients(graph, loss, [x]).values();
  if (dx === undefined) throw new Error('there is no gradient');
  const counts = new Map<string, number>();
  for (const { type } of graph.operations.slice(before)) counts.set(type, (counts.get(type) ?? 0) + 1);
  const data = fill(36, normals(3));
  const results = await run(fileOf(graph, { dx }), new Map([['x', { data, dims: DIMS }]]));
  return { counts, data, found: outputOf(results, 'dx') };
}

/** k exp(k x) for the piece that row r of axis 1 lies in. */
const expected = (data: Float32Array, pieceOf: (row: number) => number | undefined): number[] =>
  Array.from(data, (value, i) => {
    const k = pieceOf(Math.floor(i / 3) % 6);
    return k === undefined ? 0 : k * Math.exp(k * value);
  });

const slice = (graph: Graph, x: Value, from: number, to: number): Value => ({
  name: graph.op('Slice', [x, graph.ints([from]), graph.ints([to]), graph.ints([1])]).name,
  shape: [undefined, to - from, 3],
});

test('the gradients of neighbouring slices are laid side by side', async (t) => {
  const { counts, data, found } = await gradientOf((graph, x) => [
    slice(graph, x, 0, 2),
    slice(graph, x, 2, 3),
    slice(graph, x, 3, 6),
  ]);
  t.ok(
    distance(
      found,
      expected(data, (row) => (row < 2 ? 1 : row < 3 ? 2 : 3)),
    ) < 1e-6,
  );
  t.equal(counts.get('Add'), undefined, 'no sum of padded copies');
});

test('neighbouring slices that leave a rest keep its zeros', async (t) => {
  const { data, found } = await gradientOf((graph, x) => [slice(graph, x, 1, 2), slice(graph, x, 2, 4)]);
  t.ok(
    distance(
      found,
      expected(data, (row) => (row === 1 ? 1 : row === 2 || row === 3 ? 2 : undefined)),
    ) < 1e-6,
  );
});

test('slices that overlap or lie apart are added', async (t) => {
  const overlap = await gradientOf((graph, x) => [slice(graph, x, 0, 4), slice(graph, x, 0, 2)]);
  const both = expected(overlap.data, (row) => (row < 4 ? 1 : undefined));
  const second = expected(overlap.data, (row) => (row < 2 ? 2 : undefined));
  t.ok(
    distance(
      overlap.found,
      both.map((value, i) => value + (second[i] as number)),
    ) < 1e-6,
  );
  const apart = await gradientOf((graph, x) => [slice(graph, x, 0, 2), slice(graph, x, 4, 6)]);
  t.ok(
    distance(
      apart.found,
      expected(apart.data, (row) => (row < 2 ? 1 : row < 4 ? undefined : 2)),
    ) < 1e-6,
  );
});

test('the heads of attention, gathered one by one, are laid side by side', async (t) => {
  const { counts, data, found } = await gradientOf((graph, x) =>
    [0, 1, 2, 3, 4, 5].map((row) => ({
      name: graph.op('Gather', [x, graph.ints(row)], { axis: 1 }).name,
      shape: [undefined, 3],
    })),
  );
  t.ok(
    distance(
      found,
      expected(data, (row) => row + 1),
    ) < 1e-6,
  );
  t.equal(counts.get('Add'), undefined);
});
