import type { Picture } from './picture.js';

/** A square of weights around a pixel, odd on each side. */
export interface Kernel {
  readonly weights: Float64Array;
  readonly size: number;
}

const clamp = (value: number, size: number): number => Math.min(size - 1, Math.max(0, value));

/** Mirrors an index at the first and last pixel, which are not repeated. */
export function mirror(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}

/** Weighted sums of neighbours; the border is mirrored. */
export function convolve(picture: Picture, { weights, size }: Kernel): Picture {
  const { data, width, height, channels } = picture;
  const reach = (size - 1) / 2;
  const taps = [...weights].flatMap((weight, i) =>
    weight === 0 ? [] : [{ weight, dx: (i % size) - reach, dy: Math.floor(i / size) - reach }],
  );
  const out = new Float64Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const { weight, dx, dy } of taps) {
        const from = (mirror(y + dy, height) * width + mirror(x + dx, width)) * channels;
        const to = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) out[to + c] = (out[to + c] as number) + weight * (data[from + c] as number);
      }
    }
  }
  return { ...picture, data: out };
}

/** Gaussian blur, rows then columns; the border pixel is repeated. */
export function gaussianBlur(picture: Picture, sigma: number, truncate = 4): Picture {
  const reach = Math.floor(truncate * sigma + 0.5);
  if (reach === 0) return picture;
  const weights = gaussianWeights(sigma, reach);
  return alongAxis(alongAxis(picture, weights, reach, 1, 0), weights, reach, 0, 1);
}

function gaussianWeights(sigma: number, reach: number): Float64Array {
  const raw = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)),
  );
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => value / sum);
}

function alongAxis(picture: Picture, weights: Float64Array, reach: number, stepX: number, stepY: number): Picture {
  const { data, width, height, channels } = picture;
  const out = new Float64Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * channels;
      for (let k = -reach; k <= reach; k++) {
        const from = (clamp(y + k * stepY, height) * width + clamp(x + k * stepX, width)) * channels;
        const weight = weights[k + reach] as number;
        for (let c = 0; c < channels; c++) out[to + c] = (out[to + c] as number) + weight * (data[from + c] as number);
      }
    }
  }
  return { ...picture, data: out };
}

/** A disk of a radius, its edge softened by a Gaussian of `aliasBlur`. */
export function diskKernel(radius: number, aliasBlur: number): Kernel {
  const reach = Math.max(8, Math.ceil(radius));
  const size = 2 * reach + 1;
  const disk = Float64Array.from({ length: size * size }, (_, i) => {
    const [dx, dy] = [(i % size) - reach, Math.floor(i / size) - reach];
    return dx * dx + dy * dy <= radius * radius ? 1 : 0;
  });
  const sum = disk.reduce((total, value) => total + value, 0);
  const normalised = { data: disk.map((value) => value / sum), width: size, height: size, channels: 1 };
  const soft = convolve(normalised, smallGaussian(aliasBlur, radius <= 8 ? 3 : 5));
  return { weights: soft.data, size };
}

function smallGaussian(sigma: number, size: number): Kernel {
  const reach = (size - 1) / 2;
  const row = gaussianWeights(sigma, reach);
  return {
    size,
    weights: Float64Array.from(
      { length: size * size },
      (_, i) => (row[i % size] as number) * (row[Math.floor(i / size)] as number),
    ),
  };
}

/** The trace of a point that moves: a half Gaussian along a direction, as ImageMagick's motion blur has it. `angle` in degrees. */
export function motionKernel(radius: number, sigma: number, angle: number): Kernel {
  const steps = 2 * Math.ceil(radius) + 1;
  const size = 2 * steps + 1;
  const weights = new Float64Array(size * size);
  const [dx, dy] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const trace = Array.from({ length: steps }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const sum = trace.reduce((total, value) => total + value, 0);
  for (const [i, weight] of trace.entries()) {
    const at = (steps + Math.round(i * dy)) * size + steps + Math.round(i * dx);
    weights[at] = (weights[at] as number) + weight / sum;
  }
  return { weights, size };
}
