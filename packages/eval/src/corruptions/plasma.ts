import { type Picture, plane } from './picture.js';
import type { Random } from './random.js';

/**
 * A cloud of values in [0, 1] by the diamond-square algorithm, wrapped at the borders, as in ImageNet-C's
 * `plasma_fractal`.
 *
 * @param decay by which the roughness is divided at each halving of the grid; smaller is rougher
 */
export function plasma(width: number, height: number, decay: number, random: Random): Picture {
  const size = 2 ** Math.ceil(Math.log2(Math.max(width, height, 2)));
  const map = new Float64Array(size * size);
  const wrap = (i: number): number => (i + size) % size;
  const at = (row: number, column: number): number => map[wrap(row) * size + wrap(column)] as number;
  let wibble = 100;
  const set = (row: number, column: number, sum: number): void => {
    map[row * size + column] = sum / 4 + wibble * random.uniform(-wibble, wibble);
  };
  for (let step = size; step >= 2; step /= 2, wibble /= decay) {
    const half = step / 2;
    for (let y = 0; y < size; y += step) {
      for (let x = 0; x < size; x += step) {
        set(y + half, x + half, at(y, x) + at(y, x + step) + at(y + step, x) + at(y + step, x + step));
      }
    }
    for (let y = 0; y < size; y += step) {
      for (let x = 0; x < size; x += step) {
        set(y, x + half, at(y + half, x + half) + at(y - half, x + half) + at(y, x) + at(y, x + step));
        set(y + half, x, at(y + half, x + half) + at(y + half, x - half) + at(y, x) + at(y + step, x));
      }
    }
  }
  const low = map.reduce((least, value) => Math.min(least, value), Infinity);
  const high = map.reduce((most, value) => Math.max(most, value), -Infinity);
  return plane(width, height, (x, y) => (at(y, x) - low) / (high - low));
}
