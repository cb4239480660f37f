import { repeat } from './border.js';
import { type Corruption, pick } from './corruption.js';
import { gaussianBlur } from './filter.js';
import { mapPicture, type Picture, plane } from './picture.js';
import { plasma } from './plasma.js';
import type { Random } from './random.js';
import { boxResize } from './resize.js';

/**
 * ImageNet-C `frost` with ice of our own: the original lays a part of one of its photographs over the picture, and they
 * are not ours to give. Settings: what stays of the picture, what is added of the ice. For a small picture the ice is
 * shrunk to a fifth, as CIFAR-10-C does.
 */
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
  const shrink = pick(picture, severity, [5, 5, 5, 5, 5], [1, 1, 1, 1, 1]);
  const ice = boxResize(iceOnGlass(width * shrink, height * shrink, random), width, height);
  const tint = channels === 1 ? [1] : [0.88, 0.95, 1];
  return mapPicture(picture, (value, i) => {
    const white = (ice.data[Math.floor(i / channels)] as number) * (tint[i % channels] as number);
    return keep * value + cover * white;
  });
};

/** Ferns of ice that grow from the border over an uneven veil. Values in [0, 1]. */
function iceOnGlass(width: number, height: number, random: Random): Picture {
  const veil = plasma(width, height, 1.7, random);
  const ferns = plane(width, height, () => 0);
  const side = Math.min(width, height);
  const count = Math.ceil((FERNS * (width + height)) / (2 * side));
  for (let i = 0; i < count; i++) {
    const [x, y] = onBorder(width, height, random);
    const inwards = Math.atan2(height / 2 - y, width / 2 - x);
    const length = side * random.uniform(0.3, 0.8);
    grow(ferns, { x, y, angle: inwards + random.normal(0, 0.5), length, level: 0 }, random);
  }
  const soft = gaussianBlur(ferns, Math.max(0.4, side / 280), repeat);
  return mapPicture(soft, (value, i) => Math.min(1, VEIL * (0.3 + (veil.data[i] as number)) + FERN * value));
}

const FERNS = 14;
const VEIL = 0.45;
const FERN = 0.75;
const BRANCH_ANGLE = Math.PI / 3;

interface Needle {
  readonly x: number;
  readonly y: number;
  /** In radians. */
  readonly angle: number;
  /** In pixels. */
  readonly length: number;
  /** 0 for the stem, one more for each branching. */
  readonly level: number;
}

/**
 * Draws a needle that fades to its tip, with branches to both sides, as ice crystals have them, that shorten with it.
 */
function grow(ice: Picture, { x, y, angle, length, level }: Needle, random: Random): void {
  const spacing = Math.max(2, length / 12);
  let next = random.uniform(0, spacing);
  for (let along = 0; along < length; along++) {
    const [px, py] = [x + along * Math.cos(angle), y + along * Math.sin(angle)];
    const rest = 1 - along / length;
    brighten(ice, Math.round(px), Math.round(py), 0.3 + 0.7 * rest);
    if (level === 2 || along < next) continue;
    next = along + spacing;
    for (const turn of [-BRANCH_ANGLE, BRANCH_ANGLE]) {
      const branch = 0.45 * rest * length * random.uniform(0.5, 1);
      if (branch >= 1) grow(ice, { x: px, y: py, angle: angle + turn, length: branch, level: level + 1 }, random);
    }
  }
}

function brighten({ data, width, height }: Picture, x: number, y: number, value: number): void {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  data[y * width + x] = Math.max(data[y * width + x] as number, value);
}

function onBorder(width: number, height: number, random: Random): [x: number, y: number] {
  const place = random.uniform(0, 2 * (width + height));
  if (place < 2 * width) return [place % width, place < width ? 0 : height - 1];
  const down = place - 2 * width;
  return [down < height ? 0 : width - 1, down % height];
}
