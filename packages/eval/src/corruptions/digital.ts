import sharp from 'sharp';
import { mirror, reflect } from './border.js';
import { type Corruption, pick, type Settings } from './corruption.js';
import { gaussianBlur } from './filter.js';
import { mapPicture, type Picture, plane, throughBytes, toImage, toPicture } from './picture.js';
import type { Random } from './random.js';
import { warp } from './resample.js';
import { boxResize } from './resize.js';

/** ImageNet-C `contrast`: each channel drawn to its mean. Setting: the share of the contrast that stays. */
export const contrast: Corruption = (picture, { severity }) => {
  const factor = pick(picture, severity, [0.75, 0.5, 0.4, 0.3, 0.15], [0.4, 0.3, 0.2, 0.1, 0.05]);
  const { data, channels } = picture;
  const means = Array.from({ length: channels }, (_, c) => {
    const own = data.filter((_value, i) => i % channels === c);
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });
  return mapPicture(picture, (value, i) => {
    const mean = means[i % channels] as number;
    return (value - mean) * factor + mean;
  });
};

type Elasticity = readonly [strength: number, smoothness: number, shear: number];

/** As shares of the short side. */
const SMALL_ELASTICITY: Settings<Elasticity> = [
  [0, 0, 0.08],
  [0.05, 0.2, 0.07],
  [0.08, 0.06, 0.06],
  [0.1, 0.04, 0.05],
  [0.1, 0.03, 0.03],
];
const LARGE_ELASTICITY: Settings<Elasticity> = [
  [2, 0.7, 0.1],
  [2, 0.08, 0.2],
  [0.05, 0.01, 0.02],
  [0.07, 0.01, 0.02],
  [0.12, 0.01, 0.02],
];

/**
 * ImageNet-C `elastic_transform`: a random affine map, then every pixel moved by a smooth random field. The field's
 * border is reflected: where the filter is wider than the picture, a repeated border pixel would outweigh all others.
 */
export const elasticTransform: Corruption = (picture, { severity, random }) => {
  const side = Math.min(picture.width, picture.height);
  const [strength, smoothness, shear] = pick(picture, severity, SMALL_ELASTICITY, LARGE_ELASTICITY).map(
    (share) => share * side,
  ) as [number, number, number];
  const sheared = randomAffine(picture, shear, random);
  const field = (): Picture => {
    const rough = plane(picture.width, picture.height, () => random.uniform(-1, 1));
    return mapPicture(gaussianBlur(rough, smoothness, reflect, 3), (value) => value * strength);
  };
  const [dx, dy] = [field(), field()];
  return warp(
    sheared,
    (x, y) => {
      const at = y * picture.width + x;
      return [x + (dx.data[at] as number), y + (dy.data[at] as number)];
    },
    reflect,
  );
};

/** Moves three corners of a square in the middle by up to `shear` pixels and the picture with them. */
function randomAffine(picture: Picture, shear: number, random: Random): Picture {
  const [cx, cy] = [Math.floor(picture.width / 2), Math.floor(picture.height / 2)];
  const r = Math.max(1, Math.floor(Math.min(picture.width, picture.height) / 3));
  const corners = [
    [cx + r, cy + r],
    [cx + r, cy - r],
    [cx - r, cy - r],
  ] as const;
  const moved = corners.map(
    ([x, y]) => [x + random.uniform(-shear, shear), y + random.uniform(-shear, shear)] as const,
  );
  const [a, b, c] = moved as unknown as readonly [
    readonly [number, number],
    readonly [number, number],
    readonly [number, number],
  ];
  // With u and v along the square's sides from its third corner: p = c + u (b - c)/2r + v (a - b)/2r. Solved for u and
  // v.
  const [ux, uy] = [(b[0] - c[0]) / (2 * r), (b[1] - c[1]) / (2 * r)];
  const [vx, vy] = [(a[0] - b[0]) / (2 * r), (a[1] - b[1]) / (2 * r)];
  const determinant = ux * vy - uy * vx;
  return warp(
    picture,
    (x, y) => {
      const [px, py] = [x - c[0], y - c[1]];
      return [cx - r + (px * vy - py * vx) / determinant, cy - r + (ux * py - uy * px) / determinant];
    },
    mirror,
  );
}

/** ImageNet-C `pixelate`: shrunk and enlarged again. Setting: the share of the side that is left between. */
export const pixelate: Corruption = (picture, { severity }) => {
  const share = pick(picture, severity, [0.95, 0.9, 0.85, 0.75, 0.65], [0.6, 0.5, 0.4, 0.3, 0.25]);
  const { width, height } = picture;
  const shrink = (size: number): number => Math.max(1, Math.floor(size * share));
  // Pillow resizes rows first and rounds to bytes after each direction.
  const narrow = throughBytes(boxResize(picture, shrink(width), height));
  const small = throughBytes(boxResize(narrow, narrow.width, shrink(height)));
  return boxResize(small, width, height);
};

/** ImageNet-C `jpeg_compression`, colours at half resolution as Pillow stores them. Setting: quality. */
export const jpegCompression: Corruption = async (picture, { severity }) => {
  const quality = pick(picture, severity, [80, 65, 58, 50, 40], [25, 18, 15, 10, 7]);
  const { data, width, height, channels } = toImage(picture);
  const file = await sharp(data, { raw: { width, height, channels } })
    .jpeg({ quality, chromaSubsampling: '4:2:0' })
    .toBuffer();
  const decoded = await sharp(file)
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer();
  return toPicture({ data: new Uint8Array(decoded), width, height, channels });
};
