import type { Attributes, Shape } from '../graph-base.js';

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
