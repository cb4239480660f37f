import { test } from 'tap';
import { newGraph } from '../operators/new-graph.js';
import { inText } from '../testing/check-shape.js';
import { fileOf, fill, normals } from '../testing/fixtures.js';
import { type Feed, outputOf, run, shapes } from '../testing/runtime.js';
import type { Graph } from './graph.js';
import type { Shape, Value } from './types.js';

const X: Shape = [undefined, 4, 6, 10];
const FED = [2, 4, 6, 10];

const shapeOf = (g: Graph, x: Value): Value => g.op('Shape', [x]);
const dim = (g: Graph, x: Value, axis: number): Value => g.op('Gather', [shapeOf(g, x), g.ints(axis)]);
const list = (g: Graph, ...parts: readonly (Value | number)[]): Value =>
  g.op(
    'Concat',
    parts.map((part) => (typeof part === 'number' ? g.ints([part]) : g.op('Unsqueeze', [part, g.ints([0])]))),
    { axis: 0 },
  );
const slice = (g: Graph, x: Value, start: number, end: number, step = 1): Value =>
  g.op('Slice', [x, g.ints([start]), g.ints([end]), g.ints([0]), g.ints([step])]);
const toFloat = (g: Graph, x: Value): Value => g.op('Cast', [x], { to: 1 });
const toInt = (g: Graph, x: Value): Value => g.op('Cast', [x], { to: 7 });
const reshape = (g: Graph, x: Value, to: Value, attributes = {}): Value => g.op('Reshape', [x, to], attributes);

/** What torch.nn.functional.pad(x, [1, 2]) becomes: the list is filled with zeros, and turned round pair by pair. */
function padsOf(g: Graph, x: Value): Value {
  const given = g.ints([1, 2]);
  const rank = g.op('Size', [shapeOf(g, x)]);
  const missing = g.sub(g.mul(rank, g.ints(2)), g.op('Size', [given]));
  const zeros = g.op('ConstantOfShape', [g.op('Unsqueeze', [missing, g.ints([0])])]);
  const pairs = g.reshape(g.op('Concat', [given, toInt(g, zeros)], { axis: 0 }), [-1, 2]);
  return toInt(g, g.reshape(g.transpose(slice(g, pairs, -1, -(2 ** 62), -1), [1, 0]), [-1]));
}

/** What x.expand(sizes) becomes, where -1 keeps a size. */
function expandTo(g: Graph, sizes: Value, rank: number): Value {
  const ones = g.op('Expand', [g.ints([1]), g.ints([rank])]);
  return g.op('Where', [g.op('Equal', [sizes, g.mul(ones, g.ints(-1))]), ones, sizes]);
}

/** Idioms of exporters, and the shape that is known of their value with an open batch. */
// biome-ignore format: one line each
const SHAPES: readonly (readonly [string, string, (g: Graph, x: Value) => Value])[] = [
  ['x.flatten(2)', '?x4x60', (g, x) => reshape(g, x, g.op('Concat', [slice(g, shapeOf(g, x), 0, 2), g.ints([-1])], { axis: 0 }))],
  ['x.flatten(1)', '?x240', (g, x) => reshape(g, x, list(g, dim(g, x, 0), -1))],
  ['x.view(b, c, -1)', '?x4x60', (g, x) => reshape(g, x, list(g, dim(g, x, 0), dim(g, x, 1), -1))],
  ['x.view(b, heads, c / heads, -1)', '?x2x2x60', (g, x) => reshape(g, x, list(g, dim(g, x, 0), 2, g.div(dim(g, x, 1), g.ints(2)), -1))],
  ['x.view(b, c, h * w)', '?x4x60', (g, x) => reshape(g, x, list(g, dim(g, x, 0), dim(g, x, 1), g.mul(dim(g, x, 2), dim(g, x, 3))))],
  ['x.view(b * c, h, w)', '?x6x10', (g, x) => reshape(g, x, list(g, g.mul(dim(g, x, 0), dim(g, x, 1)), dim(g, x, 2), dim(g, x, 3)))],
  ['x.view(-1, w)', '?x10', (g, x) => reshape(g, x, list(g, -1, dim(g, x, 3)))],
  ['Reshape with 0 and -1', '?x4x60', (g, x) => reshape(g, x, g.ints([0, 0, -1]))],
  ['Reshape with 0 behind -1', '?x6x10', (g, x) => reshape(g, g.reshape(x, [-1, 6, 10]), g.ints([-1, 0, 10]))],
  ['Reshape with all sizes', '2x24x10', (g, x) => reshape(g, x, g.ints([2, 24, 10]))],
  ['view_as', '?x4x6x10', (g, x) => reshape(g, reshape(g, x, g.ints([0, -1])), shapeOf(g, x))],
  ['F.pad', '?x4x6x13', (g, x) => g.op('Pad', [x, padsOf(g, x)])],
  ['windows of 2 x 5', '?x2x5x4', (g, x) => {
    const [b, h, w] = [dim(g, x, 0), g.div(dim(g, x, 2), g.ints(2)), g.div(dim(g, x, 3), g.ints(5))];
    const cut = reshape(g, x, list(g, b, 4, h, 2, w, 5));
    const turned = g.transpose(cut, [0, 2, 4, 3, 5, 1]);
    return reshape(g, turned, list(g, g.mul(g.mul(b, h), w), 2, 5, 4));
  }],
  ['a token for each image', '?x1x6', (g, x) => g.op('Expand', [g.constant(fill(6, normals(1)), [1, 1, 6]), expandTo(g, list(g, dim(g, x, 0), -1, -1), 3)])],
  ['x[:, :, :-1]', '?x4x5x10', (g, x) => g.op('Slice', [x, g.ints([0]), g.sub(g.op('Unsqueeze', [dim(g, x, 2), g.ints([0])]), g.ints([1])), g.ints([2])])],
  ['x[:, :, h // 2:]', '?x4x3x10', (g, x) => g.op('Slice', [x, g.op('Unsqueeze', [g.div(dim(g, x, 2), g.ints(2)), g.ints([0])]), g.ints([2 ** 62]), g.ints([2])])],
  ['interpolate to twice the size', '?x4x12x20', (g, x) => {
    const twice = g.op('Concat', [2, 3].map((axis) => g.op('Unsqueeze', [toInt(g, g.op('Floor', [g.mul(toFloat(g, dim(g, x, axis)), g.constant(2))])), g.ints([0])])), { axis: 0 });
    return g.op('Resize', [x, undefined, undefined, g.op('Concat', [slice(g, shapeOf(g, x), 0, 2), twice], { axis: 0 })]);
  }],
  ['zeros like x', '?x4x6x10', (g, x) => toFloat(g, g.op('ConstantOfShape', [shapeOf(g, x)]))],
  ['sizes of x[0]', '4x60', (g, x) => reshape(g, g.op('Gather', [x, g.ints(0)]), g.op('Concat', [slice(g, shapeOf(g, x), 1, 2), g.ints([-1])], { axis: 0 }))],
];

for (const [title, known, build] of SHAPES) {
  test(`the shape of ${title}`, async (t) => {
    const graph = newGraph(17);
    const y = build(graph, graph.input('x', X));
    t.equal(inText(y.shape), known);
    const feeds = new Map([['x', { data: fill(480, normals(1)), dims: FED }]]);
    const real = (await shapes(fileOf(graph, { y: { ...y, shape: undefined } }), feeds)).get('y') ?? [];
    t.same(
      y.shape?.map((size, i) => size ?? real[i]),
      real,
      'onnxruntime agrees',
    );
  });
}

/** Values, of which those that follow from the batch are not known; none is where a rule does not go so far. */
// biome-ignore format: one line each
const VALUES: readonly (readonly [string, (number | undefined)[] | undefined, (g: Graph, x: Value) => Value])[] = [
  ['Shape', [undefined, 4, 6, 10], shapeOf],
  ['Shape with bounds', [4, 6], (g, x) => g.op('Shape', [x], { start: 1, end: -1 })],
  ['Shape, reversed', [10, 6, 4, undefined], (g, x) => slice(g, shapeOf(g, x), -1, -(2 ** 62), -1)],
  ['Shape, every other', [undefined, 6], (g, x) => slice(g, shapeOf(g, x), 0, 2 ** 62, 2)],
  ['Shape, the last two', [6, 10], (g, x) => slice(g, shapeOf(g, x), -2, 2 ** 62)],
  ['Shape, gathered', [10, undefined, 6], (g, x) => g.op('Gather', [shapeOf(g, x), g.ints([-1, 0, 2])])],
  ['pads', [0, 0, 0, 1, 0, 0, 0, 2], padsOf],
  ['Range', [0, 2, 4], (g, x) => g.op('Range', [g.ints(0), dim(g, x, 2), g.ints(2)])],
  ['Range downwards', [4, 3, 2], (g, x) => g.op('Range', [dim(g, x, 1), g.ints(1), g.ints(-1)])],
  ['Range of nothing', [], (g) => g.op('Range', [g.ints(3), g.ints(1), g.ints(1)])],
  ['Equal', [undefined, 0, 1, 0], (g, x) => g.op('Equal', [shapeOf(g, x), g.ints(6)])],
  ['Where and Equal of expand', [undefined, 1, 1, 5], (g, x) => expandTo(g, list(g, dim(g, x, 0), -1, -1, 5), 4)],
  ['Where by row and column', [1, 2, 7, 8], (g) => g.op('Where', [g.op('Equal', [g.reshape(g.ints([1, 0]), [2, 1]), g.ints(1)]), g.ints([1, 2]), g.ints([7, 8])])],
  ['Div of negative numbers drops the rest', [-3, 3, -3], (g) => g.div(g.ints([-7, 7, 7]), g.ints([2, 2, -2]))],
  ['Div of float32', [2.5], (g) => g.div(g.constant(Float32Array.of(5), [1]), g.constant(Float32Array.of(2), [1]))],
  ['Mod has the sign of the divisor', [1, -1, 1], (g) => g.op('Mod', [g.ints([-7, 7, 7]), g.ints([2, -2, 2])])],
  ['Mod as in C', [-1, 1], (g) => g.op('Mod', [g.ints([-7, 7]), g.ints([2, -2])], { fmod: 1 })],
  ['Cast towards 0', [-1, 1], (g) => toInt(g, g.constant(Float32Array.of(-1.5, 1.5), [2]))],
  ['Cast to true and false', [1, 0, 1], (g) => g.op('Cast', [g.constant(Float32Array.of(0.5, 0, -2), [3])], { to: 9 })],
  ['ReduceProd', [60], (g, x) => g.op('ReduceProd', [slice(g, shapeOf(g, x), 2, 4)], { keepdims: 0 })],
  ['ReduceProd along one axis', undefined, (g) => g.op('ReduceProd', [g.reshape(g.ints([1, 2, 3, 4]), [2, 2])], { axes: [0], keepdims: 0 })],
  ['Squeeze and Unsqueeze', [6], (g, x) => g.op('Unsqueeze', [g.op('Squeeze', [g.op('Unsqueeze', [dim(g, x, 2), g.ints([0, 1])])]), g.ints([0])])],
  ['Transpose', [1, 3, 2, 4], (g) => g.transpose(g.reshape(g.ints([1, 2, 3, 4]), [2, 2]), [1, 0])],
  ['Concat of rows', undefined, (g) => g.op('Concat', [g.reshape(g.ints([1, 2, 3, 4]), [2, 2]), g.reshape(g.ints([5, 6]), [2, 1])], { axis: 1 })],
  ['Expand', [1, 1, 2, 2], (g) => g.op('Expand', [g.reshape(g.ints([1, 2]), [2, 1]), g.ints([2, 2])])],
  ['Min and Max', [4, 5, 6], (g, x) => g.op('Max', [g.op('Min', [slice(g, shapeOf(g, x), 1, 4), g.ints([9, 5, 6])]), g.ints([1, 5, 2])])],
  ['Min of three', [1, 2], (g) => g.op('Min', [g.ints([3, 2]), g.ints([4, 5]), g.ints([1, 7])])],
  ['Min of one', [3, 2], (g) => g.op('Min', [g.ints([3, 2])])],
];

for (const [title, known, build] of VALUES) {
  test(`the values of ${title}`, async (t) => {
    const graph = newGraph(17);
    const y = build(graph, graph.input('x', X));
    const found = graph.small(y);
    t.same(found?.values, known);
    if (found === undefined) return;
    const bytes = fileOf(graph, { y: { ...graph.op('Cast', [y], { to: 1 }), shape: undefined } });
    // An input that nothing reads is not one of the file's.
    const read = graph.operations.some(({ inputs }) => inputs.some((input) => input?.name === 'x'));
    const feeds: [string, Feed][] = read ? [['x', { data: fill(480, normals(1)), dims: FED }]] : [];
    const real = [...outputOf(await run(bytes, new Map(feeds)), 'y')];
    t.same(
      found.values.map((value, i) => value ?? real[i]),
      real,
      'onnxruntime agrees',
    );
    t.same(found.dims, (await shapes(bytes, new Map(feeds))).get('y'));
  });
}
