import type { Attributes, Dim, GraphBase, Shape, Value } from './graph-base.js';
import { readInts } from './tensor.js';

interface Context {
  readonly inputs: readonly (Value | undefined)[];
  readonly shapes: readonly (Shape | undefined)[];
  readonly attributes: Attributes;
  readonly graph: GraphBase;
}

type ShapeRule = (context: Context) => Shape | undefined;

/** Shape of the first output, where it is known: what the gradient rules need, not a checker. */
export function inferShapes(
  type: string,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  graph: GraphBase,
): (Shape | undefined)[] {
  const shapes = inputs.map((input) => input?.shape);
  return [SHAPE_RULES[type]?.({ inputs, shapes, attributes, graph })];
}

const same: ShapeRule = ({ shapes }) => shapes[0];

const broadcast: ShapeRule = ({ shapes: [a, b] }) => (a === undefined || b === undefined ? undefined : together(a, b));

/** The shape of two that are repeated along each other's axes. */
function together(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = axisOf(a, rank, i);
    const y = axisOf(b, rank, i);
    return x === 1 ? y : y === 1 ? x : (x ?? y);
  });
}

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
  graph: GraphBase,
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

/**
 * Strides, dilations and pads of a convolution or pooling, completed with ONNX's defaults.
 *
 * @param sizes of the input's spatial axes
 * @returns pads: all that stand before, then all that stand after; undefined where they follow from a size that is not known
 */
export function windowOf(attributes: Attributes, sizes: Shape, kernel: readonly number[]) {
  const list = (name: string, fill: number, length = sizes.length) =>
    (attributes[name] as readonly number[] | undefined) ?? Array.from({ length }, () => fill);
  const strides = list('strides', 1);
  const dilations = list('dilations', 1);
  const mode = attributes.auto_pad ?? 'NOTSET';
  if (mode === 'NOTSET') return { strides, dilations, pads: list('pads', 0, 2 * sizes.length) as Shape };
  if (mode === 'VALID') return { strides, dilations, pads: [...sizes, ...sizes].map(() => 0) as Shape };
  // SAME: as many outputs as strides begin in the input; what is missing is shared, the odd one goes to the named end.
  const missing = sizes.map((size, i) => {
    if (size === undefined) return undefined;
    const stride = strides[i] as number;
    const reach = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    return Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  });
  const smaller = missing.map((pad) => (pad === undefined ? undefined : Math.floor(pad / 2)));
  const larger = missing.map((pad) => (pad === undefined ? undefined : Math.ceil(pad / 2)));
  return { strides, dilations, pads: mode === 'SAME_UPPER' ? [...smaller, ...larger] : [...larger, ...smaller] };
}

const slide = (shape: Shape, channels: Dim, kernel: readonly number[], attributes: Attributes): Shape | undefined => {
  const before = shape.slice(2);
  const { strides, dilations, pads } = windowOf(attributes, before, kernel);
  const sizes = before.map((size, i) => {
    if (size === undefined || (attributes.ceil_mode ?? 0) !== 0) return undefined;
    const reach = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    const padded = size + (pads[i] as number) + (pads[i + before.length] as number);
    return Math.floor((padded - reach) / (strides[i] as number)) + 1;
  });
  return [shape[0], channels, ...sizes];
};

const SHAPE_RULES: Readonly<Record<string, ShapeRule>> = {
  ...Object.fromEntries(
    'Identity Relu HardSigmoid Sigmoid Tanh Neg Exp Log Sqrt Sign Softmax LogSoftmax BatchNormalization Cast'
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
    return [...together(a.slice(0, -2), b.slice(0, -2)), a.at(-2), b.at(-1)];
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

function reshaped(target: Value | undefined, from: Shape | undefined, graph: GraphBase): Shape | undefined {
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
