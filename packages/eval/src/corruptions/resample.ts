import { mirror } from './filter.js';
import type { Picture } from './picture.js';

/** The value between four pixels; the border is mirrored. */
export function bilinear({ data, width, height, channels }: Picture, x: number, y: number, channel: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const at = (column: number, row: number): number =>
    data[(mirror(row, height) * width + mirror(column, width)) * channels + channel] as number;
  const upper = at(left, top) * (1 - fx) + at(left + 1, top) * fx;
  const lower = at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx;
  return upper * (1 - fy) + lower * fy;
}

/** A picture of a given size whose pixels come from places in another. */
export function warp(picture: Picture, from: (x: number, y: number) => readonly [x: number, y: number]): Picture {
  const { width, height, channels } = picture;
  const data = new Float64Array(picture.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sx, sy] = from(x, y);
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = bilinear(picture, sx, sy, c);
    }
  }
  return { ...picture, data };
}

/** Enlarges the middle of a picture, keeping its size (bilinear, first and last pixels aligned). */
export function clippedZoom(picture: Picture, factor: number): Picture {
  const along = (size: number): ((i: number) => number) => {
    const cropped = Math.ceil(size / factor);
    const zoomed = Math.max(1, Math.round(cropped * factor));
    const first = Math.floor((size - cropped) / 2);
    const trim = Math.floor((zoomed - size) / 2);
    const step = zoomed > 1 ? (cropped - 1) / (zoomed - 1) : 0;
    return (i) => first + (i + trim) * step;
  };
  const [column, row] = [along(picture.width), along(picture.height)];
  return warp(picture, (x, y) => [column(x), row(y)]);
}

/** Resizes by averaging the area that each new pixel covers, or repeating pixels when it grows. */
export function boxResize(picture: Picture, width: number, height: number): Picture {
  const columns = coverage(picture.width, width);
  const rows = coverage(picture.height, height);
  const { channels } = picture;
  const data = new Float64Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const [row, heightShare] of rows[y] ?? []) {
        for (const [column, widthShare] of columns[x] ?? []) {
          for (let c = 0; c < channels; c++) {
            const to = (y * width + x) * channels + c;
            const value = picture.data[(row * picture.width + column) * channels + c] as number;
            data[to] = (data[to] as number) + value * heightShare * widthShare;
          }
        }
      }
    }
  }
  return { data, width, height, channels };
}

/** For each new pixel along an axis the old ones under it and their shares. */
function coverage(from: number, to: number): [index: number, share: number][][] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    if (scale <= 1) return [[Math.min(from - 1, Math.floor((i + 0.5) * scale)), 1]];
    const [start, end] = [i * scale, (i + 1) * scale];
    const covered: [number, number][] = [];
    for (let k = Math.floor(start); k < Math.min(from, Math.ceil(end - 1e-9)); k++) {
      covered.push([k, (Math.min(end, k + 1) - Math.max(start, k)) / scale]);
    }
    return covered;
  });
}
