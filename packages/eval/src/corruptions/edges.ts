import { repeat } from './border.js';
import { convolve } from './filter.js';
import { mapPicture, type Picture } from './picture.js';

const ACROSS = { size: 3, weights: Float64Array.of(-1, 0, 1, -2, 0, 2, -1, 0, 1) };
const DOWN = { size: 3, weights: Float64Array.of(-1, -2, -1, 0, 0, 0, 1, 2, 1) };
/** tan 22.5° and tan 67.5° part the directions of a gradient into four. */
const [FLAT, STEEP] = [Math.SQRT2 - 1, Math.SQRT2 + 1];

/**
 * Edges by Canny's method, as OpenCV has it by default: Sobel's gradients, their strength |dx| + |dy|, thinned to
 * ridges, and of these the strong ones with all that hangs together with them.
 *
 * @param picture of one channel, values from 0 to 255
 * @param low strength from which a ridge goes on, high: from which it begins
 * @returns 1 on an edge, else 0
 */
export function edges(picture: Picture, low: number, high: number): Picture {
  const { width, height } = picture;
  const [dx, dy] = [convolve(picture, ACROSS, repeat).data, convolve(picture, DOWN, repeat).data];
  const strength = dx.map((value, i) => Math.abs(value) + Math.abs(dy[i] as number));
  const at = (x: number, y: number): number =>
    x < 0 || x >= width || y < 0 || y >= height ? 0 : (strength[y * width + x] as number);
  const isRidge = (x: number, y: number): boolean => {
    const [here, gx, gy] = [at(x, y), dx[y * width + x] as number, dy[y * width + x] as number];
    if (here <= low) return false;
    const [across, down] = [Math.abs(gx), Math.abs(gy)];
    // Of two equal neighbours the one before is the edge.
    if (down < FLAT * across) return here > at(x - 1, y) && here >= at(x + 1, y);
    if (down > STEEP * across) return here > at(x, y - 1) && here >= at(x, y + 1);
    const side = gx * gy < 0 ? -1 : 1;
    return here > at(x - side, y - 1) && here > at(x + side, y + 1);
  };
  const edge = new Float64Array(strength.length);
  const ridges = mapPicture(picture, (_, i) => Number(isRidge(i % width, Math.floor(i / width)))).data;
  const open = [...ridges.keys()].filter((i) => ridges[i] === 1 && (strength[i] as number) > high);
  for (const i of open) edge[i] = 1;
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        const near = row * width + column;
        if (ridges[near] !== 1 || edge[near] === 1) continue;
        edge[near] = 1;
        open.push(near);
      }
    }
  }
  return { ...picture, data: edge };
}
