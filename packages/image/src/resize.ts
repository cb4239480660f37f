/** 8-bit samples, interleaved: row by row, pixel by pixel, channel by channel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/** The part of a resized image that is wanted. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type FilterName = 'bilinear' | 'bicubic';

interface Filter {
  readonly radius: number;
  weight(x: number): number;
}

/** The pixels of one axis that make one pixel of the result. */
interface Taps {
  readonly first: number;
  /** Integers, 2^22 in all but for rounding. */
  readonly weights: readonly number[];
}

const FILTERS: Readonly<Record<FilterName, Filter>> = {
  bilinear: { radius: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys, "Cubic convolution interpolation for digital image processing" (1981), equation 15, with a = -0.5.
  bicubic: {
    radius: 2,
    weight(signed) {
      const x = Math.abs(signed);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? ((5 - x) * x - 8) * x * 0.5 + 2 : 0;
    },
  },
};

/** Fractional bits of a weight. */
const ONE = 2 ** 22;

/**
 * Resizes as Pillow's `Image.resize` does for 8-bit images, to the bit (Pillow 13 may take the columns first): along
 * the rows, rounded to 8 bits, then along the columns. The filter is widened by the factor by which an axis shrinks.
 * All arithmetic is on integers but for the weights, which are computed in binary64 and rounded to multiples of 2^-22.
 *
 * @param size of the whole result, of which only `window` is computed
 */
export function resize(
  raster: Raster,
  size: { readonly width: number; readonly height: number },
  window: Window,
  filterName: FilterName,
): Raster {
  const filter = FILTERS[filterName];
  const columns = tapsOf(raster.width, size.width, window.left, window.width, filter);
  const rows = tapsOf(raster.height, size.height, window.top, window.height, filter);
  const { channels } = raster;
  const top = Math.min(...rows.map(({ first }) => first));
  const bottom = Math.max(...rows.map(({ first, weights }) => first + weights.length));
  const middle = new Uint8Array((bottom - top) * window.width * channels);
  for (let y = top; y < bottom; y++) {
    const line = { start: y * raster.width * channels, stride: channels, channels };
    reduce(raster.data, line, columns, middle, { start: (y - top) * window.width * channels, stride: channels });
  }
  const data = new Uint8Array(window.height * window.width * channels);
  const stride = window.width * channels;
  for (let x = 0; x < window.width; x++) {
    const line = { start: x * channels - top * stride, stride, channels };
    reduce(middle, line, rows, data, { start: x * channels, stride });
  }
  return { width: window.width, height: window.height, channels, data };
}

/** Libraries that this follows: Pillow, src/libImaging/Resample.c, precompute_coeffs and normalize_coeffs_8bpc. */
function tapsOf(input: number, output: number, from: number, count: number, filter: Filter): Taps[] {
  const scale = input / output;
  const widening = Math.max(scale, 1);
  const support = filter.radius * widening;
  return Array.from({ length: count }, (_, i) => {
    const center = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(input, Math.trunc(center + support + 0.5));
    const weights = Array.from({ length: end - first }, (_, k) =>
      filter.weight((k + first - center + 0.5) * (1 / widening)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const fixed = weights.map((weight) => {
      const share = (sum === 0 ? weight : weight / sum) * ONE;
      return Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    });
    return { first, weights: fixed };
  });
}

/** One line, along a row or a column, of every channel. */
function reduce(
  source: Uint8Array,
  line: { readonly start: number; readonly stride: number; readonly channels: number },
  taps: readonly Taps[],
  target: Uint8Array,
  to: { readonly start: number; readonly stride: number },
): void {
  const { start, stride, channels } = line;
  for (let i = 0; i < taps.length; i++) {
    const { first, weights } = taps[i] as Taps;
    for (let channel = 0; channel < channels; channel++) {
      let sum = ONE / 2;
      let at = start + first * stride + channel;
      for (let k = 0; k < weights.length; k++) {
        sum += (source[at] as number) * (weights[k] as number);
        at += stride;
      }
      target[to.start + i * to.stride + channel] = Math.max(0, Math.min(255, Math.floor(sum / ONE)));
    }
  }
}
