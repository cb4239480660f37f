import { test } from 'tap';
import type { Graph } from '../graph/graph.js';
import type { Shape, Value } from '../graph/types.js';
import { readParameters, serializeModel, trainingModel, withParameters } from '../index.js';
import { fill, normals } from '../testing/fixtures.js';
import { meanEntropy } from '../testing/losses.js';
import { distance, outputOf, run, vectors } from '../testing/runtime.js';
import { apart, compute, constantOf, inShort, small } from '../testing/small-models.js';

/** x k + (beta - mean(x) k) with k = gamma / deviation, as Keras writes it. */
function distributed(graph: Graph, x: Value, axis = -1, meanAxis = axis): Value {
  const mean = graph.reduceMean(x, [meanAxis], true);
  const centred = graph.sub(x, mean);
  const variance = graph.plus(graph.reduceMean(graph.mul(centred, centred), [axis], true), graph.constant(1e-3));
  const k = graph.mul(graph.op('Reciprocal', [graph.sqrt(variance)]), constantOf(graph, [8], 2));
  const shift = graph.sub(constantOf(graph, [8], 3), graph.mul(mean, k));
  return graph.plus(graph.mul(x, k), shift);
}

const linear = (graph: Graph, x: Value, inputs: number, outputs: number, seed: number): Value =>
  graph.matmul(x, constantOf(graph, [inputs, outputs], seed));

const IMAGE: Shape = [undefined, 3, 6, 6];
const conv = (graph: Graph, x: Value, bias = false): Value =>
  graph.op('Conv', [x, constantOf(graph, [4, 3, 3, 3], 5), ...(bias ? [constantOf(graph, [4], 6)] : [])], {
    kernel_shape: [3, 3],
  });
const pooled = (graph: Graph, x: Value): Value => graph.reduceMean(x, [2, 3]);
const perChannel = (graph: Graph, seed: number): Value => constantOf(graph, [4, 1, 1], seed);

type Row = readonly [string, Shape, readonly string[], (graph: Graph, x: Value) => Value];

/** Which axis the variance is over, and the mean. */
const AXES: readonly (readonly [string, Shape, number, number])[] = [
  ['over the last axis by its number from the front', [undefined, 16], 1, 1],
  ['over the last of three axes by its number from the front', [undefined, 4, 16], 2, 2],
  ['with one axis counted from the front and one from the end', [undefined, 4, 16], -1, 2],
];

const ROWS: readonly Row[] = [
  [
    'LayerNormalization as x k + (b - mean k)',
    [undefined, 16],
    ['LayerNormalization 8 gamma beta'],
    (g, x) => linear(g, g.op('Relu', [distributed(g, linear(g, x, 16, 8, 4))]), 8, 5, 7),
  ],
  ...AXES.map(
    ([title, shape, axis, meanAxis]): Row => [
      `the same ${title}`,
      shape,
      ['LayerNormalization 8 gamma beta'],
      (g, x) => {
        const y = linear(g, g.op('Relu', [distributed(g, linear(g, x, 16, 8, 4), axis, meanAxis)]), 8, 5, 7);
        return shape.length === 2 ? y : g.reduceMean(y, [1]);
      },
    ],
  ),
  [
    'BatchNormalization as Mul and Add',
    IMAGE,
    ['Affine 4 gamma beta'],
    (g, x) => pooled(g, g.op('Relu', [g.plus(g.mul(conv(g, x), perChannel(g, 7)), perChannel(g, 8))])),
  ],
  [
    'BatchNormalization as Sub, Mul and Add',
    IMAGE,
    ['Affine 4 gamma beta'],
    (g, x) =>
      pooled(g, g.op('Relu', [g.plus(g.mul(g.sub(conv(g, x), perChannel(g, 9)), perChannel(g, 7)), perChannel(g, 8))])),
  ],
  [
    'BatchNormalization as Mul and Add, channels last',
    IMAGE,
    ['Affine 4 gamma beta'],
    (g, x) => {
      const last = g.transpose(conv(g, x), [0, 2, 3, 1]);
      const scaled = g.plus(g.mul(last, constantOf(g, [4], 7)), constantOf(g, [4], 8));
      return g.reduceMean(g.op('Relu', [scaled]), [1, 2]);
    },
  ],
  [
    'a convolution without a bias, which is added behind it',
    IMAGE,
    ['ScaleShift 4 gamma beta'],
    (g, x) => pooled(g, g.op('Relu', [g.plus(conv(g, x), perChannel(g, 7))])),
  ],
];

for (const [title, shape, layers, build] of ROWS) {
  test(`${title} is found`, async (t) => {
    const model = small(shape, build);
    t.same(inShort(model), layers);
    t.ok((await apart(model, shape)) < 1e-5, 'parameters as inputs');
    const dims = shape.map((size) => size ?? 3);
    const x = {
      data: fill(
        dims.reduce((p, d) => p * d, 1),
        normals(11),
      ),
      dims,
    };
    const own = readParameters(model);
    const training = trainingModel(model, meanEntropy);
    const found = await run(training.bytes, new Map([['x', x], ...vectors(own)]));
    t.ok(distance(outputOf(found, training.logits), await compute(model, shape)) < 1e-4, 'the training graph');
    const moved = new Map(
      [...own].map(([key, values]) => [key, values.map((value, i) => value * 1.2 + 0.1 * (i + 1))]),
    );
    const expected = outputOf(await run(training.bytes, new Map([['x', x], ...vectors(moved)])), training.logits);
    const served = await compute(model, shape, serializeModel(withParameters(model, moved)));
    t.ok(distance(served, expected) < 1e-4, 'other parameters baked in');
    t.equal(training.gradients.size, 2);
    for (const name of training.gradients.values()) {
      t.ok(Math.max(...outputOf(found, name).map(Math.abs)) > 1e-6, `${name} is not 0`);
    }
  });
}

test('what normalises the image that a model is fed is no layer', async (t) => {
  const model = small(IMAGE, (g, x) => {
    const image = g.plus(g.mul(x, constantOf(g, [3, 1, 1], 2)), constantOf(g, [3, 1, 1], 3));
    return pooled(g, conv(g, image, true));
  });
  t.same(inShort(model), ['ScaleShift 4 gamma beta'], 'only what was folded into the convolution');
});
