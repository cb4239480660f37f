import { type Corruption, pick } from './corruption.js';
import { convolve, motionKernel } from './filter.js';
import { luma, mapPicture, type Picture, plane } from './picture.js';
import { plasma } from './plasma.js';
import type { Random } from './random.js';
import { clippedZoom } from './resample.js';

export const fog: Corruption = (picture, { severity, random }) => {
  const [amount, decay] = pick(
    picture,
    severity,
    [
      [0.2, 3],
      [0.5, 3],
      [0.75, 2.5],
      [1, 2],
      [1.5, 1.75],
    ],
    [
      [1.5, 2],
      [2, 2],
      [2.5, 1.7],
      [2.5, 1.5],
      [3, 1.4],
    ],
  ) as [number, number];
  const most = picture.data.reduce((a, b) => Math.max(a, b), 0);
  const cloud = plasma(picture.width, picture.height, decay, random);
  const { channels } = picture;
  return mapPicture(picture, (value, i) => {
    const thickness = cloud.data[Math.floor(i / channels)] as number;
    return ((value + amount * thickness) * most) / (most + amount);
  });
};

/** The original lays one of six photographs of frost over the picture. They are not ours to give, so ours is drawn. */
export const frost: Corruption = (picture, { severity, random }) => {
  const [keep, cover] = pick(
    picture,
    severity,
    [
      [1, 0.2],
      [1, 0.3],
      [0.9, 0.4],
      [0.85, 0.4],
      [0.75, 0.45],
    ],
    [
      [1, 0.4],
      [0.8, 0.6],
      [0.7, 0.7],
      [0.65, 0.7],
      [0.6, 0.75],
    ],
  ) as [number, number];
  const { width, height, channels } = picture;
  const crystals = frostPattern(width, height, random);
  const tint = channels === 1 ? [1] : [0.86, 0.94, 1];
  return mapPicture(picture, (value, i) => {
    const ice = (crystals.data[Math.floor(i / channels)] as number) * (tint[i % channels] as number);
    return keep * value + cover * ice;
  });
};

/** Bright ridges where two clouds of different roughness cross their middle, on a dim veil. */
function frostPattern(width: number, height: number, random: Random): Picture {
  const [coarse, fine] = [plasma(width, height, 2, random), plasma(width, height, 1.5, random)];
  return plane(width, height, (x, y) => {
    const at = y * width + x;
    const ridge = (value: number): number => (1 - Math.abs(2 * value - 1)) ** 2;
    return Math.min(1, 0.2 + 0.5 * ridge(fine.data[at] as number) + 0.5 * ridge(coarse.data[at] as number));
  });
}

type SnowSetting = readonly [
  mean: number,
  spread: number,
  zoom: number,
  threshold: number,
  radius: number,
  sigma: number,
  keep: number,
];

const SMALL_SNOW: readonly [SnowSetting, SnowSetting, SnowSetting, SnowSetting, SnowSetting] = [
  [0.1, 0.2, 1, 0.6, 8, 3, 0.95],
  [0.1, 0.2, 1, 0.5, 10, 4, 0.9],
  [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
  [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85],
  [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8],
];
const LARGE_SNOW: typeof SMALL_SNOW = [
  [0.1, 0.3, 3, 0.5, 10, 4, 0.8],
  [0.2, 0.3, 2, 0.5, 12, 4, 0.7],
  [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
  [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65],
  [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55],
];

/** Flakes that fall, on a picture that whitens. */
export const snow: Corruption = (picture, { severity, random }) => {
  const [mean, spread, zoom, threshold, radius, sigma, keep] = pick(picture, severity, SMALL_SNOW, LARGE_SNOW);
  const { width, height, channels } = picture;
  const flakes = clippedZoom(
    plane(width, height, () => random.normal(mean, spread)),
    zoom,
  );
  const seen = mapPicture(flakes, (value) => (value < threshold ? 0 : Math.min(1, value)));
  const falling = convolve(seen, motionKernel(radius, sigma, random.uniform(-135, -45)));
  const bright = luma(picture);
  const pixels = width * height;
  return mapPicture(picture, (value, i) => {
    const pixel = Math.floor(i / channels);
    const whitened = Math.max(value, (bright.data[pixel] as number) * 1.5 + 0.5);
    const layers = (falling.data[pixel] as number) + (falling.data[pixels - 1 - pixel] as number);
    return keep * value + (1 - keep) * whitened + layers;
  });
};

/** The value of HSV rises; hue and saturation stay. */
export const brightness: Corruption = (picture, { severity }) => {
  const rise = pick(picture, severity, [0.05, 0.1, 0.15, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4, 0.5]);
  const { data, channels } = picture;
  return mapPicture(picture, (value, i) => {
    const first = i - (i % channels);
    let most = 0;
    for (let c = 0; c < channels; c++) most = Math.max(most, data[first + c] as number);
    const raised = Math.min(1, most + rise);
    return most === 0 ? raised : (value * raised) / most;
  });
};
