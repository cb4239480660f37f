import type { Dim, Shape } from '../graph-base.js';
import { type Context, list, number, type ShapeRule, type ShapeRules } from './shape-rule.js';
import { windowOf } from './window-of.js';

/** [batch, channels, positions of a window ...] */
function slide({ shapes, attributes }: Context, channels: Dim, kernel: readonly number[]): Shape | undefined {
  const [shape] = shapes;
  if (shape === undefined) return undefined;
  const before = shape.slice(2);
  const { strides, dilations, pads } = windowOf(attributes, before, kernel);
  const ceil = number({ attributes }, 'ceil_mode', 0) !== 0;
  const sizes = before.map((size, i) => {
    const [front, back] = [pads[i], pads[i + before.length]];
    if (size === undefined || front === undefined || back === undefined) return undefined;
    const stride = strides[i] as number;
    const room = size + front + back - (dilations[i] as number) * ((kernel[i] as number) - 1) - 1;
    if (!ceil) return Math.floor(room / stride) + 1;
    const count = Math.ceil(room / stride) + 1;
    // A window that would begin behind the input is not counted.
    return (count - 1) * stride >= size + front ? count - 1 : count;
  });
  return [shape[0], channels, ...sizes];
}

const convolution: ShapeRule = (context) => {
  const [, w] = context.shapes;
  const kernel = list(context, 'kernel_shape') ?? (w?.slice(2) as number[] | undefined);
  return kernel && slide(context, w?.[0], kernel);
};

const pool: ShapeRule = (context) => {
  const kernel = list(context, 'kernel_shape');
  return kernel && slide(context, context.shapes[0]?.[1], kernel);
};

const transposedConvolution: ShapeRule = (context) => {
  const [x, w] = context.shapes;
  if (x === undefined || w === undefined || (context.attributes.auto_pad ?? 'NOTSET') !== 'NOTSET') return undefined;
  const before = x.slice(2);
  const { strides, dilations, pads } = windowOf(context.attributes, before, w.slice(2) as number[]);
  const given = list(context, 'output_shape');
  const extra = list(context, 'output_padding') ?? before.map(() => 0);
  const sizes = before.map((size, i) => {
    const reach = (dilations[i] as number) * ((w[i + 2] as number) - 1) + 1;
    const cut = (pads[i] as number) + (pads[i + before.length] as number);
    return size === undefined ? undefined : (strides[i] as number) * (size - 1) + reach + (extra[i] as number) - cut;
  });
  const channels = w[1] === undefined ? undefined : w[1] * number(context, 'group', 1);
  return [x[0], channels, ...(given ?? sizes)];
};

const globalPool: ShapeRule = ({ shapes }) => shapes[0]?.map((dim, i) => (i < 2 ? dim : 1));

export const window: ShapeRules = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
};
