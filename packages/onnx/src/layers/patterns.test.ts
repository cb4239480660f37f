import { test } from 'tap';
import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { apart, constantOf, inShort, small } from '../testing/small-models.js';

const SHAPE = [undefined, 4, 6];

interface Options {
  readonly axes?: readonly number[];
  readonly meanAxes?: readonly number[];
  readonly divide?: (graph: Graph, a: Value, variance: Value) => Value;
}

const bySqrt = (graph: Graph, a: Value, variance: Value): Value => graph.div(a, graph.sqrt(variance));
const byReciprocal = (graph: Graph, a: Value, variance: Value): Value =>
  graph.mul(graph.op('Reciprocal', [graph.sqrt(variance)]), a);
const byOneOver = (graph: Graph, a: Value, variance: Value): Value =>
  graph.mul(a, graph.div(graph.constant(1), graph.sqrt(variance)));
const byPower = (graph: Graph, a: Value, variance: Value): Value =>
  graph.mul(a, graph.op('Pow', [variance, graph.constant(-0.5)]));
const byRoot = (graph: Graph, a: Value, variance: Value): Value =>
  graph.div(a, graph.op('Pow', [variance, graph.constant(0.5)]));

/** mean(a^2) + epsilon */
const variance = (graph: Graph, a: Value, axes: readonly number[]): Value =>
  graph.plus(graph.reduceMean(graph.op('Pow', [a, graph.constant(2)]), axes, true), graph.constant(1e-3));

/** (x - mean) / deviation */
function standardized(graph: Graph, x: Value, { axes = [-1], meanAxes = axes, divide = bySqrt }: Options = {}): Value {
  const centred = graph.sub(x, graph.reduceMean(x, meanAxes, true));
  return divide(graph, centred, variance(graph, centred, axes));
}

const rms = (graph: Graph, x: Value, divide = bySqrt): Value => divide(graph, x, variance(graph, x, [-1]));
const scaled = (graph: Graph, x: Value, dims: readonly number[]): Value => graph.mul(x, constantOf(graph, dims, 2));
const shifted = (graph: Graph, x: Value, dims: readonly number[]): Value => graph.plus(x, constantOf(graph, dims, 3));

const affine = (graph: Graph, x: Value, dims: readonly number[]): Value => shifted(graph, scaled(graph, x, dims), dims);

/** Reshape(InstanceNormalization(Reshape(x))) with 2 groups. */
function byGroups(graph: Graph, x: Value, scale = [1, 1]): Value {
  const rows = graph.reshape(x, [0, 2, -1]);
  const [ones, zeros] = [scale, [0, 0]].map((values) => graph.constant(Float32Array.from(values), [2]));
  return graph.reshape(graph.op('InstanceNormalization', [rows, ones, zeros]), [-1, 4, 6]);
}

// biome-ignore format: one line each
const ROWS: readonly (readonly [string, string[], (graph: Graph, x: Value) => Value])[] = [
  ['LayerNormalization', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x), [6])],
  ['by a reciprocal', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { divide: byReciprocal }), [6])],
  ['by 1 over the deviation', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { divide: byOneOver }), [6])],
  ['by a power', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { divide: byPower }), [6])],
  ['by a power of a half', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { divide: byRoot }), [6])],
  ['over two axes', ['LayerNormalization 24 gamma beta'], (g, x) => affine(g, standardized(g, x, { axes: [-2, -1] }), [4, 6])],
  ['over axes counted from the front', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { axes: [2] }), [6])],
  ['a mean over the same axis, counted from the front', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { meanAxes: [2] }), [6])],
  ['over channels', ['LayerNormalization 4 gamma beta'], (g, x) => affine(g, standardized(g, x, { axes: [1] }), [4, 1])],
  ['without a shift', ['LayerNormalization 6 gamma'], (g, x) => scaled(g, standardized(g, x), [6])],
  ['with axes of size 1 in front', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x), [1, 1, 6])],
  ['a scale along another axis', ['LayerNormalization 4 gamma beta'], (g, x) => affine(g, standardized(g, x), [4, 1])],
  ['a scale along fewer axes', ['LayerNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { axes: [-2, -1] }), [6])],
  ['a mean over other axes', ['RMSNormalization 6 gamma beta'], (g, x) => affine(g, standardized(g, x, { meanAxes: [1] }), [6])],
  ['two readers of the scaled value', ['LayerNormalization 6 gamma'], (g, x) => {
    const y = scaled(g, standardized(g, x), [6]);
    return g.mul(shifted(g, y, [6]), g.op('Tanh', [y]));
  }],
  ['two readers of the normalised value', ['LayerNormalization 6 gamma beta', 'LayerNormalization 6 gamma'], (g, x) => {
    const y = standardized(g, x);
    return g.plus(affine(g, y, [6]), g.mul(y, constantOf(g, [6], 4)));
  }],
  ['a shift of another size', ['LayerNormalization 6 gamma'], (g, x) => shifted(g, scaled(g, standardized(g, x), [6]), [4, 1])],
  ['one constant for two scales', ['LayerNormalization 6 gamma beta', 'LayerNormalization 6 gamma beta'], (g, x) => {
    const [gamma, beta] = [constantOf(g, [6], 2), constantOf(g, [6], 3)];
    const norm = (value: Value) => g.plus(g.mul(standardized(g, value), gamma), beta);
    return norm(norm(x));
  }],
  ['RMSNormalization', ['RMSNormalization 6 gamma'], (g, x) => scaled(g, rms(g, x), [6])],
  ['RMSNormalization by a reciprocal', ['RMSNormalization 6 gamma'], (g, x) => scaled(g, rms(g, x, byReciprocal), [6])],
  ['GroupNormalization', ['GroupNormalization 4 gamma beta'], (g, x) => affine(g, byGroups(g, x), [4, 1])],
  ['a scale behind an instance normalization with its own', ['InstanceNormalization 2 gamma beta'], (g, x) => affine(g, byGroups(g, x, [1, 2]), [4, 1])],
  ['the deviation of something else', ['RMSNormalization 6 gamma'], (g, x) =>
    g.mul(scaled(g, bySqrt(g, x, variance(g, g.op('Tanh', [x]), [-1])), [6]), scaled(g, rms(g, x), [6]))],
];

for (const [title, layers, build] of ROWS) {
  test(`a pattern: ${title}`, async (t) => {
    const model = small(SHAPE, build);
    t.same(inShort(model), layers);
    const d = await apart(model, SHAPE);
    t.ok(d < 1e-5, `as inputs, the parameters mean the same: ${d}`);
  });
}

for (const [title, build] of [
  ['a value that is not normalised', (g, x) => affine(g, g.op('Tanh', [x]), [6])],
  ['a softmax', (g, x) => scaled(g, g.softmax(x), [6])],
  ['what is divided by a root of another mean', (g, x) => scaled(g, bySqrt(g, x, variance(g, g.exp(x), [-1])), [6])],
  ['a normalised value times a number', (g, x) => g.scale(standardized(g, x), 2)],
  ['a normalised value times a value of the input', (g, x) => g.mul(standardized(g, x), x)],
  ['a squared value divided by its root', (g, x) => scaled(g, g.div(g.mul(x, x), g.sqrt(g.exp(x))), [6])],
] as const satisfies readonly (readonly [string, (graph: Graph, x: Value) => Value])[]) {
  test(`no pattern: ${title}`, async (t) => {
    t.throws(() => inShort(small(SHAPE, build)), { code: 'ONNX_NO_NORMALIZATION' });
  });
}
