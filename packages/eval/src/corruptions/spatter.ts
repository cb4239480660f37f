import { mirror, repeat } from './border.js';
import { type Corruption, pick, type Settings } from './corruption.js';
import { chamferDistance } from './distance.js';
import { edges } from './edges.js';
import { convolve, gaussianBlur, type Kernel } from './filter.js';
import { luma, mapPicture, type Picture, plane } from './picture.js';

type SpatterSetting = readonly [
  mean: number,
  spread: number,
  sigma: number,
  threshold: number,
  strength: number,
  liquid: 'water' | 'mud',
];

const SMALL: Settings<SpatterSetting> = [
  [0.62, 0.1, 0.7, 0.7, 0.5, 'water'],
  [0.65, 0.1, 0.8, 0.7, 0.5, 'water'],
  [0.65, 0.3, 1, 0.69, 0.5, 'water'],
  [0.65, 0.1, 0.7, 0.69, 0.6, 'mud'],
  [0.65, 0.1, 0.5, 0.68, 0.6, 'mud'],
];
const LARGE: Settings<SpatterSetting> = [
  [0.65, 0.3, 4, 0.69, 0.6, 'water'],
  [0.65, 0.3, 3, 0.68, 0.6, 'water'],
  [0.65, 0.3, 2, 0.68, 0.5, 'water'],
  [0.65, 0.3, 1, 0.65, 1.5, 'mud'],
  [0.67, 0.4, 1, 0.65, 1.5, 'mud'],
];

/** Pale turquoise, and brown. */
const COLOURS = { water: [175 / 255, 238 / 255, 238 / 255], mud: [63 / 255, 42 / 255, 20 / 255] } as const;

/** ImageNet-C `spatter`: drops of water that brighten, from severity 4 on of mud that covers. */
export const spatter: Corruption = (picture, { severity, random }) => {
  const [mean, spread, sigma, threshold, strength, liquid] = pick(picture, severity, SMALL, LARGE);
  const { width, height } = picture;
  const noise = plane(width, height, () => random.normal(mean, spread));
  const layer = mapPicture(gaussianBlur(noise, sigma, repeat), (value) => (value < threshold ? 0 : value));
  const drops = liquid === 'water' ? waterDrops(layer, strength) : mudDrops(layer, threshold, strength);
  return covered(picture, drops, liquid);
};

/**
 * A liquid on a picture, by its share in each pixel: water is added, mud replaces. On a picture of one channel it has
 * its luma.
 */
function covered(picture: Picture, shares: Picture, liquid: 'water' | 'mud'): Picture {
  const { channels } = picture;
  const colour = { data: Float64Array.from(COLOURS[liquid]), width: 1, height: 1, channels: 3 };
  const added = channels === 1 ? luma(colour).data : colour.data;
  return mapPicture(picture, (value, i) => {
    const share = shares.data[Math.floor(i / channels)] as number;
    const kept = liquid === 'water' ? value : value * (1 - share);
    return kept + share * (added[i % channels] as number);
  });
}

const BOX: Kernel = { size: 3, weights: new Float64Array(9).fill(1) };
const RELIEF: Kernel = { size: 3, weights: Float64Array.of(-2, -1, 0, -1, 1, 1, 0, 1, 2) };
/** More than what sums of distances lose. */
const ROUNDING = 1e-6;
/** Of OpenCV's uint8 arithmetic: rounded to the nearest, kept within a byte. */
const toByte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

/**
 * Drops in relief: the distance to their edges, equalized, lit from one side. In bytes from 0 to 255, as the original's
 * calls to OpenCV.
 *
 * @param layer of one channel, 0 where it is dry
 * @returns shares from 0 to `strength`
 */
export function waterDrops(layer: Picture, strength: number): Picture {
  const liquid = mapPicture(layer, (value) => Math.min(255, Math.floor(value * 255)));
  const near = mapPicture(chamferDistance(edges(liquid, 50, 150)), (distance) => Math.min(20, distance));
  const smooth = mapPicture(convolve(near, BOX, mirror), (sum) => Math.floor(sum / 9 + ROUNDING));
  const relief = mapPicture(convolve(equalized(smooth), RELIEF, mirror), toByte);
  const lit = mapPicture(convolve(relief, BOX, mirror), (sum) => toByte(sum / 9));
  const drops = mapPicture(lit, (value, i) => value * (liquid.data[i] as number));
  const most = drops.data.reduce((a, b) => Math.max(a, b), 0);
  // Where no drop fell the original divides by 0.
  return mapPicture(drops, (value) => (most === 0 ? 0 : (value / most) * strength));
}

function mudDrops(layer: Picture, threshold: number, sigma: number): Picture {
  const wet = mapPicture(layer, (value) => (value > threshold ? 1 : 0));
  return mapPicture(gaussianBlur(wet, sigma, repeat), (value) => (value < 0.8 ? 0 : value));
}

/** OpenCV's equalizeHist, of bytes: the lowest value there is goes to 0, the others to their place among the rest. */
function equalized(picture: Picture): Picture {
  const counts = new Float64Array(256);
  for (const value of picture.data) counts[value] = (counts[value] as number) + 1;
  const lowest = counts.findIndex((count) => count > 0);
  const others = picture.data.length - (counts[lowest] as number);
  if (others === 0) return picture;
  const table = new Float64Array(256);
  let sum = 0;
  for (let value = lowest + 1; value < 256; value++) {
    sum += counts[value] as number;
    table[value] = toByte((sum * 255) / others);
  }
  return mapPicture(picture, (value) => table[value] as number);
}
