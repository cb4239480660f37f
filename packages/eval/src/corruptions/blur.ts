import { mirror, repeat } from './border.js';
import { type Corruption, pick, type Settings } from './corruption.js';
import { convolve, gaussianBlur } from './filter.js';
import { diskKernel, motionKernel } from './kernel.js';
import { mapPicture, type Picture, throughBytes } from './picture.js';
import { clippedZoom } from './resample.js';

/** ImageNet-C `defocus_blur`: the sum over a disk. Settings: radius and softening in pixels. */
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
  return convolve(picture, diskKernel(radius, aliasBlur), mirror);
};

/**
 * ImageNet-C `glass_blur`: pixels change places with near ones, between two Gaussian blurs. Settings: sigma, how far
 * pixels go, rounds. In the original's NumPy code a colour pixel is overwritten by the other instead of swapped; here
 * every picture is swapped, as its comment says.
 */
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
  const blurred = mapPicture(gaussianBlur(picture, sigma, repeat), (value) => Math.floor(value * 255) / 255);
  const { width, height, channels } = picture;
  const data = blurred.data.slice();
  for (let round = 0; round < rounds; round++) {
    for (let y = height - reach; y > reach; y--) {
      for (let x = width - reach; x > reach; x--) {
        const other = (y + random.integer(-reach, reach)) * width + x + random.integer(-reach, reach);
        for (let c = 0; c < channels; c++) swap(data, (y * width + x) * channels + c, other * channels + c);
      }
    }
  }
  return gaussianBlur({ ...blurred, data }, sigma, repeat);
};

function swap(data: Float64Array, a: number, b: number): void {
  const kept = data[a] as number;
  data[a] = data[b] as number;
  data[b] = kept;
}

/**
 * ImageNet-C `motion_blur`: ImageMagick's, in a random direction within 45 degrees of the horizontal. Settings: radius,
 * sigma.
 */
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
  return throughBytes(convolve(picture, motionKernel(radius, sigma, random.uniform(-45, 45)), repeat));
};

/** NumPy's `arange(1, limit, step)`, which reaches the limit itself where the division rounds up. */
const upTo = (limit: number, step = 0.01): number[] =>
  Array.from({ length: Math.ceil((limit - 1) / step) }, (_, i) => 1 + i * step);

const SMALL_ZOOMS: Settings<number[]> = [upTo(1.06), upTo(1.11), upTo(1.16), upTo(1.21), upTo(1.26)];
const LARGE_ZOOMS: Settings<number[]> = [upTo(1.11), upTo(1.16), upTo(1.21, 0.02), upTo(1.26, 0.02), upTo(1.31, 0.03)];

/** ImageNet-C `zoom_blur`: the mean of the picture and of its enlargements. */
export const zoomBlur: Corruption = (picture, { severity }) => {
  const factors = pick(picture, severity, SMALL_ZOOMS, LARGE_ZOOMS);
  const zoomed: Picture[] = factors.map((factor) => clippedZoom(picture, factor));
  return mapPicture(
    picture,
    (value, i) => zoomed.reduce((sum, { data }) => sum + (data[i] as number), value) / (factors.length + 1),
  );
};

/** ImageNet-C `gaussian_blur`. Setting: sigma in pixels. */
export const gaussianBlurred: Corruption = (picture, { severity }) =>
  gaussianBlur(picture, pick(picture, severity, [0.4, 0.6, 0.7, 0.8, 1], [1, 2, 3, 4, 6]), repeat);
