import { mapPicture, type Picture } from './picture.js';

/**
 * Steps of the chamfer distance of 5x5 (Borgefors 1986), as OpenCV has them for DIST_L2: along an axis, a diagonal, a
 * knight's move.
 */
const STEPS = [
  [1, 0, 1],
  [1, 1, 1.4],
  [2, 1, 2.1969],
] as const;

/** Places that a pass from the top left has been to already; those from the bottom right are their opposites. */
const BEFORE = STEPS.flatMap(([a, b, length]) =>
  [
    [a, b],
    [b, a],
  ].flatMap(([x = 0, y = 0]) =>
    [
      [x, y],
      [-x, y],
      [x, -y],
      [-x, -y],
    ].map(([dx = 0, dy = 0]) => ({ dx, dy, length })),
  ),
).filter(({ dx, dy }) => dy < 0 || (dy === 0 && dx < 0));

/**
 * The distance in pixels from each pixel to the nearest marked one, in two passes; where none is marked, beyond all
 * measure.
 */
export function chamferDistance(marked: Picture): Picture {
  const { width, height } = marked;
  const far = 3 * (width + height);
  const distance = mapPicture(marked, (value) => (value > 0 ? 0 : far));
  const { data } = distance;
  const relax = (x: number, y: number, sign: 1 | -1): void => {
    let nearest = data[y * width + x] as number;
    for (const { dx, dy, length } of BEFORE) {
      const [column, row] = [x + sign * dx, y + sign * dy];
      if (column < 0 || column >= width || row < 0 || row >= height) continue;
      nearest = Math.min(nearest, (data[row * width + column] as number) + length);
    }
    data[y * width + x] = nearest;
  };
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) relax(x, y, 1);
  for (let y = height - 1; y >= 0; y--) for (let x = width - 1; x >= 0; x--) relax(x, y, -1);
  return distance;
}
