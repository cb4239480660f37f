import { test } from 'tap';
import type { Graph } from '../graph/graph.js';
import type { Attributes, Shape, Value } from '../graph/types.js';
import { type OnnxModel, parametricModel, readParameters, withParameters } from '../index.js';
import { normals } from '../testing/fixtures.js';
import { distance } from '../testing/runtime.js';
import { compute, constantOf, inShort, small } from '../testing/small-models.js';

const IMAGE: Shape = [undefined, 2, 5, 6];
const ROWS: Shape = [undefined, 4];

/** A convolution of 2 channels into 3. */
const conv = (g: Graph, x: Value, inside = 2, seed = 1): Value =>
  g.op('Conv', [x, constantOf(g, [3, inside, 3, 3], seed), constantOf(g, [3], seed + 1)], { pads: [1, 1, 1, 1] });

const relu = (g: Graph, x: Value): Value => g.op('Relu', [x]);

const normalised = (g: Graph, x: Value): Value => {
  const one = g.constant(Float32Array.of(1, 2, 3), [3]);
  return g.op('BatchNormalization', [x, one, one, one, one], { epsilon: 1e-5 });
};

/** x gate(mean x), with two convolutions inside, as in a squeeze-and-excitation block. */
const excited = (g: Graph, x: Value): Value => {
  const pooled = g.op('GlobalAveragePool', [x]);
  const one = (value: Value, seed: number) =>
    g.op('Conv', [value, constantOf(g, [3, 3, 1, 1], seed), constantOf(g, [3], seed + 1)]);
  return g.mul(x, g.op('Sigmoid', [one(relu(g, one(pooled, 5)), 7)]));
};

const gemm = (
  g: Graph,
  x: Value,
  weight: readonly number[],
  attributes: Attributes = {},
  bias: readonly number[] = [3],
): Value => g.op('Gemm', [x, constantOf(g, weight), constantOf(g, bias, 2)], attributes);

const SS = 'ScaleShift 3 gamma beta';

// biome-ignore format: one line each
const PLACES: readonly (readonly [string, Shape, string[], (g: Graph, x: Value) => Value])[] = [
  ['behind every convolution with a bias', IMAGE, [SS, SS], (g, x) => relu(g, conv(g, relu(g, conv(g, x)), 3, 3))],
  ['not behind a convolution that a normalization follows', IMAGE, ['BatchNormalization 3 gamma beta mean variance', SS], (g, x) => relu(g, conv(g, normalised(g, conv(g, x)), 3, 3))],
  ['not behind a convolution without a bias', IMAGE, [SS], (g, x) => relu(g, g.op('Conv', [conv(g, x), constantOf(g, [3, 3, 1, 1], 8)]))],
  ['not inside a squeeze-and-excitation block', IMAGE, [SS], (g, x) => excited(g, relu(g, conv(g, x)))],
  ['not behind the convolution that is the output', IMAGE, [SS], (g, x) => conv(g, relu(g, conv(g, x)), 3, 3)],
  ['not behind a linear layer where there is a convolution', IMAGE, [SS], (g, x) => relu(g, gemm(g, g.op('Flatten', [g.op('GlobalAveragePool', [relu(g, conv(g, x))])]), [3, 3]))],
  ['not behind convolutions of a model with another normalization', IMAGE, ['InstanceNormalization 2 gamma beta'], (g, x) => relu(g, conv(g, g.op('InstanceNormalization', [x, constantOf(g, [2], 4), constantOf(g, [2], 5)])))],
  ['behind linear layers of a model without convolutions', ROWS, [SS], (g, x) => gemm(g, relu(g, gemm(g, x, [4, 3])), [3, 2], {}, [2])],
];

for (const [title, shape, layers, build] of PLACES) {
  test(`a scale and a shift: ${title}`, async (t) => {
    t.same(inShort(small(shape, build)), layers);
  });
}

// biome-ignore format: one line each
const FOLDED: readonly (readonly [string, Shape, (g: Graph, x: Value) => Value])[] = [
  ['Conv', IMAGE, (g, x) => relu(g, conv(g, x))],
  ['Conv in groups', IMAGE, (g, x) => relu(g, g.op('Conv', [x, constantOf(g, [4, 1, 3, 3]), constantOf(g, [4], 2)], { group: 2 }))],
  ['Conv along one axis', [undefined, 2, 9], (g, x) => relu(g, g.op('Conv', [x, constantOf(g, [3, 2, 3]), constantOf(g, [3], 2)], { strides: [2] }))],
  ['Conv along three axes', [undefined, 2, 4, 4, 4], (g, x) => relu(g, g.op('Conv', [x, constantOf(g, [3, 2, 2, 2, 2]), constantOf(g, [3], 2)]))],
  ['Gemm', ROWS, (g, x) => relu(g, gemm(g, x, [4, 3]))],
  ['Gemm with transB', ROWS, (g, x) => relu(g, gemm(g, x, [3, 4], { transB: 1 }))],
  ['Gemm with transB 0', ROWS, (g, x) => relu(g, gemm(g, x, [4, 3], { transB: 0 }))],
  ['Gemm with alpha and beta', ROWS, (g, x) => relu(g, gemm(g, x, [3, 4], { transB: 1, alpha: 0.5, beta: -3 }))],
  ['Gemm without its bias', ROWS, (g, x) => relu(g, gemm(g, x, [4, 3], { beta: 0 }))],
  ['Gemm with a bias of one row', ROWS, (g, x) => relu(g, gemm(g, x, [4, 3], {}, [1, 3]))],
  ['Gemm with one bias for all channels', ROWS, (g, x) => relu(g, gemm(g, x, [4, 3], {}, [1]))],
  ['weights shared by two layers', IMAGE, (g, x) => {
    const shared = [constantOf(g, [2, 2, 3, 3]), constantOf(g, [2], 2)];
    const one = (value: Value) => relu(g, g.op('Conv', [value, ...shared], { pads: [1, 1, 1, 1] }));
    return one(one(x));
  }],
];

const other = (model: OnnxModel) => {
  const next = normals(5);
  return new Map([...readParameters(model)].map(([key, values]) => [key, values.map((value) => value + next())]));
};

for (const [title, shape, build] of FOLDED) {
  test(`a scale and a shift go into the weights: ${title}`, async (t) => {
    const model = small(shape, build);
    const [plain, parameters] = [await compute(model, shape), other(model)];
    t.ok(parameters.size > 0);
    const fed = await compute(model, shape, parametricModel(model), parameters);
    const baked = withParameters(model, parameters);
    const d = distance(await compute(baked, shape), fed);
    t.ok(d < 1e-5, `as where they are inputs: ${d}`);
    t.ok(distance(fed, plain) > 0.1, 'they change the output');
    const untouched = await compute(withParameters(model, readParameters(model)), shape);
    t.ok(distance(untouched, plain) < 1e-6, '1 and 0 change nothing');
  });
}
