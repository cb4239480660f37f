import { repeat } from './border.js';
import { type Corruption, pick, type Settings } from './corruption.js';
import { convolve } from './filter.js';
import { motionKernel } from './kernel.js';
import { luma, mapPicture, plane } from './picture.js';
import { plasma } from './plasma.js';
import { clippedZoom } from './resample.js';

/** ImageNet-C `fog`: a plasma cloud laid over the picture. Settings: thickness, decay of the cloud's roughness. */
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

type SnowSetting = readonly [
  mean: number,
  spread: number,
  zoom: number,
  threshold: number,
  radius: number,
  sigma: number,
  keep: number,
];

const SMALL_SNOW: Settings<SnowSetting> = [
  [0.1, 0.2, 1, 0.6, 8, 3, 0.95],
  [0.1, 0.2, 1, 0.5, 10, 4, 0.9],
  [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
  [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85],
  [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8],
];
const LARGE_SNOW: Settings<SnowSetting> = [
  [0.1, 0.3, 3, 0.5, 10, 4, 0.8],
  [0.2, 0.3, 2, 0.5, 12, 4, 0.7],
  [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
  [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65],
  [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55],
];

/** ImageNet-C `snow`: flakes of thresholded, enlarged noise in motion, on a picture that whitens. */
export const snow: Corruption = (picture, { severity, random }) => {
  const [mean, spread, zoom, threshold, radius, sigma, keep] = pick(picture, severity, SMALL_SNOW, LARGE_SNOW);
  const { width, height, channels } = picture;
  const flakes = clippedZoom(
    plane(width, height, () => random.normal(mean, spread)),
    zoom,
  );
  const seen = mapPicture(flakes, (value) => (value < threshold ? 0 : Math.min(1, value)));
  const falling = convolve(seen, motionKernel(radius, sigma, random.uniform(-135, -45)), repeat);
  const bright = luma(picture);
  const pixels = width * height;
  return mapPicture(picture, (value, i) => {
    const pixel = Math.floor(i / channels);
    const whitened = Math.max(value, (bright.data[pixel] as number) * 1.5 + 0.5);
    const layers = (falling.data[pixel] as number) + (falling.data[pixels - 1 - pixel] as number);
    return keep * value + (1 - keep) * whitened + layers;
  });
};

/** ImageNet-C `brightness`: the value of HSV rises; hue and saturation stay. */
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
