import { type Border, repeat } from './border.js';
import type { Picture } from './picture.js';

/** The value of a channel between four pixels. */
function bilinear(picture: Picture, x: number, y: number, channel: number, border: Border): number {
  const { data, width, height, channels } = picture;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const at = (column: number, row: number): number =>
    data[(border(row, height) * width + border(column, width)) * channels + channel] as number;
  const upper = at(left, top) * (1 - fx) + at(left + 1, top) * fx;
  const lower = at(left, top + 1) * (1 - fx) + at(left + 1, top + 1) * fx;
  return upper * (1 - fy) + lower * fy;
}

/** A picture whose pixels come from places in another of its size, interpolated between four pixels. */
export function warp(
  picture: Picture,
  from: (x: number, y: number) => readonly [x: number, y: number],
  border: Border,
): Picture {
  const { width, height, channels } = picture;
  const data = new Float64Array(picture.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sx, sy] = from(x, y);
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = bilinear(picture, sx, sy, c, border);
    }
  }
  return { ...picture, data };
}

/**
 * ImageNet-C `clipped_zoom`: enlarges the middle of a picture, keeping its size (bilinear, first and last pixels
 * aligned).
 */
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
  return warp(picture, (x, y) => [column(x), row(y)], repeat);
}
