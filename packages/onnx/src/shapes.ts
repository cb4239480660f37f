import type { Attributes, Dim, Graph, Shape, Value } from './graph.js';
import { readInts } from './tensor.js';

interface Context {
  readonly inputs: readonly (Value | undefined)[];
  readonly shapes: readonly (Shape | undefined)[];
  readonly attributes: Attributes;
  readonly graph: Graph;
}

type ShapeRule = (context: Context) => Shape | undefined;

/** Shape of the first output, where it is known: what the gradient rules need, not a checker. */
export function inferShapes(
  type: string,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  graph: Graph,
): (Shape | undefined)[] {
  const shapes = inputs.map((input) => input?.shape);
  return [SHAPE_RULES[type]?.({ inputs, shapes, attributes, graph })];
}

const same: ShapeRule = ({ shapes }) => shapes[0];

const broadcast: ShapeRule = ({ shapes }) => {
  const [a, b] = shapes;
  if (a === undefined || b === undefined) return undefined;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = axisOf(a, rank, i);
    const y = axisOf(b, rank, i);
    return x === 1 ? y : y === 1 ? x : (x ?? y);
  });
};

/** The size of axis i of a shape that is aligned to the right in `rank` axes. */
export function axisOf(shape: Shape, rank: number, i: number): Dim {
  const own = i - (rank - shape.length);
  return own < 0 ? 1 : shape[own];
}

/** Axes counted from the front. */
export const fromFront = (axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => (axis < 0 ? axis + rank : axis));

/** The axes of a reduction, which are an input from some opset on and an attribute before. */
export function reductionAxes(
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  graph: Graph,
): number[] | undefined {
  const rank = inputs[0]?.shape?.length;
  if (rank === undefined) return undefined;
  const tensor = inputs[1] === undefined ? undefined : graph.constants.get(inputs[1].name);
  const axes = tensor === undefined ? (attributes.axes as readonly number[] | undefined) : readInts(tensor);
  return axes === undefined || axes.length === 0 ? Array.from({ length: rank }, (_, i) => i) : fromFront(axes, rank);
}

const reduce: ShapeRule = ({ inputs, shapes, attributes, graph }) => {
  const axes = reductionAxes(inputs, attributes, graph);
  const [shape] = shapes;
  if (axes === undefined || shape === undefined) return undefined;
  return (attributes.keepdims ?? 1) === 1
    ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
    : shape.filter((_, i) => !axes.includes(i));
};

/** Attributes of convolutions and pooling over `spatial` axes, completed with ONNX's defaults. */
export function windowOf(attributes: Attributes, spatial: number) {
  const list = (name: string, fill: number, length = spatial) =>
    (attributes[name] as readonly number[] | undefined) ?? Array.from({ length }, () => fill);
  return { strides: list('strides', 1), dilations: list('dilations', 1), pads: list('pads', 0, 2 * spatial) };
}

const slide = (shape: Shape, channels: Dim, kernel: readonly number[], attributes: Attributes): Shape | undefined => {
  if ((attributes.auto_pad ?? 'NOTSET') !== 'NOTSET' || (attributes.ceil_mode ?? 0) !== 0) return undefined;
  const spatial = shape.length - 2;
  const { strides, dilations, pads } = windowOf(attributes, spatial);
  const sizes = shape.slice(2).map((size, i) => {
    if (size === undefined) return undefined;
    const reach = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    const padded = size + (pads[i] as number) + (pads[i + spatial] as number);
    return Math.floor((padded - reach) / (strides[i] as number)) + 1;
  });
  return [shape[0], channels, ...sizes];
};

const SHAPE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(
    'Identity Relu Sigmoid Tanh Neg Exp Log Sqrt Sign Softmax LogSoftmax BatchNormalization Cast'
      .split(' ')
      .map((type) => [type, same]),
  ),
  ...Object.fromEntries('Add Sub Mul Div Greater GreaterOrEqual'.split(' ').map((type) => [type, broadcast])),
  ...Object.fromEntries('ReduceSum ReduceMean ReduceMax ReduceSumSquare'.split(' ').map((type) => [type, reduce])),
  Size: () => [],
  Shape: ({ shapes }) => (shapes[0] === undefined ? undefined : [shapes[0].length]),
  GlobalAveragePool: ({ shapes }) => shapes[0]?.map((dim, i) => (i < 2 ? dim : 1)),
  Conv: ({ shapes, attributes }) => {
    const [x, w] = shapes;
    return x === undefined || w === undefined ? undefined : slide(x, w[0], w.slice(2) as number[], attributes);
  },
  AveragePool: ({ shapes, attributes }) =>
    shapes[0] && slide(shapes[0], shapes[0][1], attributes.kernel_shape as readonly number[], attributes),
  Gemm: ({ shapes, attributes }) => {
    const [a, b] = shapes;
    return a === undefined || b === undefined
      ? undefined
      : [a[attributes.transA === 1 ? 1 : 0], b[attributes.transB === 1 ? 0 : 1]];
  },
  MatMul: ({ shapes }) => {
    const [a, b] = shapes;
    if (a === undefined || b === undefined || a.length < 2 || b.length < 2) return undefined;
    return a.length >= b.length ? [...a.slice(0, -1), b.at(-1)] : [...b.slice(0, -2), a.at(-2), b.at(-1)];
  },
  Flatten: ({ shapes, attributes }) => {
    const axis = (attributes.axis ?? 1) as number;
    const product = (dims: Shape | undefined): Dim =>
      dims?.reduce<Dim>((p, d) => (p === undefined || d === undefined ? undefined : p * d), 1);
    return shapes[0] && [product(shapes[0].slice(0, axis)), product(shapes[0].slice(axis))];
  },
  Transpose: ({ shapes, attributes }) => {
    const perm = attributes.perm as readonly number[] | undefined;
    return perm === undefined ? shapes[0]?.slice().reverse() : perm.map((axis) => shapes[0]?.[axis]);
  },
  Reshape: ({ inputs, shapes, graph }) => reshaped(inputs[1], shapes[0], graph),
};

function reshaped(target: Value | undefined, from: Shape | undefined, graph: Graph): Shape | undefined {
  if (target === undefined) return undefined;
  const producer = graph.producer(target);
  if (producer?.type === 'Shape') return producer.inputs[0]?.shape;
  const tensor = graph.constants.get(target.name);
  if (tensor === undefined) return undefined;
  const sizes = readInts(tensor).map((size, i) => (size === 0 ? from?.[i] : size));
  const open = sizes.indexOf(-1);
  if (open < 0) return sizes;
  const known = (dims: Shape | undefined): number | undefined =>
    dims?.reduce<number | undefined>(
      (product, dim) => (product === undefined || dim === undefined ? undefined : product * dim),
      1,
    );
  const rest = known(sizes.filter((_, i) => i !== open));
  const all = known(from);
  return sizes.map((size, i) => (i !== open ? size : rest === undefined || all === undefined ? undefined : all / rest));
}
