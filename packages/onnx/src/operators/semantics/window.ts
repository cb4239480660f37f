import type { Attributes, Dim, Shape, ShapeContext, ShapeRule } from '../../graph/types.js';
import { number } from './attributes.js';

/**
 * Strides, dilations and pads of a convolution or pooling, completed with ONNX's defaults.
 *
 * @param sizes of the input's spatial axes
 * @returns pads: all that stand before, then all that stand after; undefined where they follow from a size that is not
 *   known
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

/** One axis along which a window slides. */
export interface Sliding {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before and after; undefined where it follows from a size that is not known. */
  readonly before: Dim;
  readonly after: Dim;
}

/**
 * How many positions a window has along an axis. With ceil_mode the last may reach past the padding, if it begins
 * before it: as PyTorch and onnxruntime have it.
 */
export function positions(size: Dim, { kernel, stride, dilation, before, after }: Sliding, ceil: boolean): Dim {
  if (size === undefined || before === undefined || after === undefined) return undefined;
  const room = size + before + after - dilation * (kernel - 1) - 1;
  if (!ceil) return Math.floor(room / stride) + 1;
  const count = Math.ceil(room / stride) + 1;
  return (count - 1) * stride >= size + before ? count - 1 : count;
}

/** The shape of what a window gives: [batch, channels, positions ...]. */
export function slid(context: ShapeContext, channels: Dim, kernel: readonly number[]): Shape | undefined {
  const [shape] = context.shapes;
  if (shape === undefined) return undefined;
  const sizes = shape.slice(2);
  const { strides, dilations, pads } = windowOf(context.attributes, sizes, kernel);
  const ceil = number(context, 'ceil_mode', 0) !== 0;
  const counts = sizes.map((size, i) => {
    const window = {
      kernel: kernel[i] as number,
      stride: strides[i] as number,
      dilation: dilations[i] as number,
      before: pads[i],
      after: pads[i + sizes.length],
    };
    return positions(size, window, ceil);
  });
  return [shape[0], channels, ...counts];
}

/** One value of each channel. */
export const overImage: ShapeRule = ({ shapes }) => shapes[0]?.map((dim, i) => (i < 2 ? dim : 1));
