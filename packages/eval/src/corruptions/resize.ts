import type { Picture } from './picture.js';

/**
 * Resizes as Pillow's BOX filter does: a new pixel is the mean of the old ones whose middle lies in the area that it
 * covers, or the nearest one where the picture grows.
 */
export function boxResize(picture: Picture, width: number, height: number): Picture {
  const columns = covered(picture.width, width);
  const rows = covered(picture.height, height);
  const { channels } = picture;
  const data = new Float64Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [top, bottom] = rows[y] as Span;
      const [left, right] = columns[x] as Span;
      const to = (y * width + x) * channels;
      const share = 1 / ((bottom - top) * (right - left));
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          const from = (row * picture.width + column) * channels;
          for (let c = 0; c < channels; c++)
            data[to + c] = (data[to + c] as number) + share * (picture.data[from + c] as number);
        }
      }
    }
  }
  return { data, width, height, channels };
}

type Span = readonly [start: number, end: number];

/** For each new pixel along an axis the old ones under it, `end` not included. */
function covered(from: number, to: number): Span[] {
  const scale = Math.max(1, from / to);
  return Array.from({ length: to }, (_, i) => {
    const middle = ((i + 0.5) * from) / to;
    // Old pixels whose middle lies in (middle - scale / 2, middle + scale / 2]. One of them where the picture grows.
    const end = Math.min(from, Math.floor(middle + scale / 2 - 0.5) + 1);
    const start = Math.max(0, Math.floor(middle - scale / 2 - 0.5) + 1);
    return [Math.min(start, from - 1), Math.max(end, start + 1)];
  });
}
