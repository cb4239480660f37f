import type { Border } from './border.js';
import type { Picture } from './picture.js';

/** A square of weights around a pixel, odd on each side. */
export interface Kernel {
  readonly weights: Float64Array;
  readonly size: number;
}

/** Weighted sums of neighbours, each channel alone. The kernel is not flipped. */
export function convolve(picture: Picture, { weights, size }: Kernel, border: Border): Picture {
  const { data, width, height, channels } = picture;
  const reach = (size - 1) / 2;
  const columns = beyond(width, reach, border);
  const rows = beyond(height, reach, border);
  const taps = [...weights].flatMap((weight, i) =>
    weight === 0 ? [] : [{ weight, dx: i % size, dy: Math.floor(i / size) }],
  );
  const out = new Float64Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * channels;
      for (const { weight, dx, dy } of taps) {
        const from = ((rows[y + dy] as number) * width + (columns[x + dx] as number)) * channels;
        for (let c = 0; c < channels; c++) out[to + c] = (out[to + c] as number) + weight * (data[from + c] as number);
      }
    }
  }
  return { ...picture, data: out };
}

/**
 * Gaussian blur, rows then columns, each channel alone.
 *
 * @param sigma in pixels; 0 leaves the picture as it is
 * @param truncate the filter's reach in standard deviations
 */
export function gaussianBlur(picture: Picture, sigma: number, border: Border, truncate = 4): Picture {
  const reach = Math.floor(truncate * sigma + 0.5);
  if (reach === 0) return picture;
  const weights = gaussianWeights(sigma, reach);
  return blurColumns(blurRows(picture, weights, reach, border), weights, reach, border);
}

/** 2 reach + 1 weights that sum to 1. */
export function gaussianWeights(sigma: number, reach: number): Float64Array {
  const raw = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => value / sum);
}

function blurRows(picture: Picture, weights: Float64Array, reach: number, border: Border): Picture {
  const { width, channels } = picture;
  const columns = beyond(width, reach, border);
  return weighted(picture, weights, (x, y, k) => (y * width + (columns[x + k] as number)) * channels);
}

function blurColumns(picture: Picture, weights: Float64Array, reach: number, border: Border): Picture {
  const { width, height, channels } = picture;
  const rows = beyond(height, reach, border);
  return weighted(picture, weights, (x, y, k) => ((rows[y + k] as number) * width + x) * channels);
}

/** Sums along one axis. `from` is the place in `data` of tap k of a pixel. */
function weighted(picture: Picture, weights: Float64Array, from: (x: number, y: number, k: number) => number): Picture {
  const { data, width, height, channels } = picture;
  const out = new Float64Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * channels;
      for (let k = 0; k < weights.length; k++) {
        const at = from(x, y, k);
        const weight = weights[k] as number;
        for (let c = 0; c < channels; c++) out[to + c] = (out[to + c] as number) + weight * (data[at + c] as number);
      }
    }
  }
  return { ...picture, data: out };
}

/** The pixels from -reach to size - 1 + reach along an axis, borders resolved. */
function beyond(size: number, reach: number, border: Border): Int32Array {
  return Int32Array.from({ length: size + 2 * reach }, (_, i) => border(i - reach, size));
}
