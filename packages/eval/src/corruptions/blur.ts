import { type Corruption, pick, type Settings } from './corruption.js';
import { convolve, diskKernel, gaussianBlur, motionKernel } from './filter.js';
import { mapPicture, type Picture } from './picture.js';
import { clippedZoom } from './resample.js';

export const defocusBlur: Corruption = (picture, { severity }) => {
  const [radius, aliasBlur] = pick(
    picture,
    severity,
    [
      [0.3, 0.4],
      [0.4, 0.5],
      [0.5, 0.6],
      [1, 0.2],
      [1.5, 0.1],
    ],
    [
      [3, 0.1],
      [4, 0.5],
      [6, 0.5],
      [8, 0.5],
      [10, 0.5],
    ],
  ) as [number, number];
  return convolve(picture, diskKernel(radius, aliasBlur));
};

/** Pixels change places with near ones, between two Gaussian blurs. */
export const glassBlur: Corruption = (picture, { severity, random }) => {
  const [sigma, reach, rounds] = pick(
    picture,
    severity,
    [
      [0.05, 1, 1],
      [0.25, 1, 1],
      [0.4, 1, 1],
      [0.25, 1, 2],
      [0.4, 1, 2],
    ],
    [
      [0.7, 1, 2],
      [0.9, 2, 1],
      [1, 2, 3],
      [1.1, 3, 2],
      [1.5, 4, 2],
    ],
  ) as [number, number, number];
  const blurred = gaussianBlur(picture, sigma);
  const { width, height, channels } = picture;
  const data = blurred.data.slice();
  for (let round = 0; round < rounds; round++) {
    for (let y = height - reach - 1; y >= reach; y--) {
      for (let x = width - reach - 1; x >= reach; x--) {
        const other = (y + random.integer(-reach, reach)) * width + x + random.integer(-reach, reach);
        for (let c = 0; c < channels; c++) swap(data, (y * width + x) * channels + c, other * channels + c);
      }
    }
  }
  return gaussianBlur({ ...blurred, data }, sigma);
};

function swap(data: Float64Array, a: number, b: number): void {
  const kept = data[a] as number;
  data[a] = data[b] as number;
  data[b] = kept;
}

export const motionBlur: Corruption = (picture, { severity, random }) => {
  const [radius, sigma] = pick(
    picture,
    severity,
    [
      [6, 1],
      [6, 1.5],
      [6, 2],
      [8, 2],
      [9, 2.5],
    ],
    [
      [10, 3],
      [15, 5],
      [15, 8],
      [15, 12],
      [20, 15],
    ],
  ) as [number, number];
  return convolve(picture, motionKernel(radius, sigma, random.uniform(-45, 45)));
};

const upTo = (limit: number, step = 0.01): number[] =>
  Array.from({ length: Math.ceil((limit - 1) / step - 1e-9) }, (_, i) => 1 + i * step);

const SMALL_ZOOMS: Settings<number[]> = [upTo(1.06), upTo(1.11), upTo(1.16), upTo(1.21), upTo(1.26)];
const LARGE_ZOOMS: Settings<number[]> = [upTo(1.11), upTo(1.16), upTo(1.21, 0.02), upTo(1.26, 0.02), upTo(1.31, 0.03)];

/** The mean of the picture and of its enlargements. */
export const zoomBlur: Corruption = (picture, { severity }) => {
  const factors = pick(picture, severity, SMALL_ZOOMS, LARGE_ZOOMS);
  const zoomed: Picture[] = factors.map((factor) => clippedZoom(picture, factor));
  return mapPicture(
    picture,
    (value, i) => zoomed.reduce((sum, { data }) => sum + (data[i] as number), value) / (factors.length + 1),
  );
};
