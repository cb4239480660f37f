/**
 * An image as files and cameras have it: one byte per channel, rows of pixels, channels of a pixel side by side (HWC).
 */
export interface Image {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: red, green, blue. */
  readonly channels: 1 | 3;
}

/** An image to compute with: the same order, values in [0, 1]. */
export interface Picture {
  readonly data: Float64Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

export function toPicture({ data, width, height, channels }: Image): Picture {
  return { data: Float64Array.from(data, (value) => value / 255), width, height, channels };
}

/** Far below what a byte can tell, far above what sums of fractions lose. */
const ROUNDING = 1e-9;

/** Clips to [0, 1]. Bytes are cut, not rounded, as the reference code does. */
export function toImage({ data, width, height, channels }: Picture): Image {
  const bytes = Uint8Array.from(data, (value) => Math.min(1, Math.max(0, value)) * 255 + ROUNDING);
  return { data: bytes, width, height, channels: channels as 1 | 3 };
}

/** A picture that has passed through bytes, rounded to the nearest. */
export function throughBytes(picture: Picture): Picture {
  return mapPicture(picture, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255 + ROUNDING) / 255);
}

/** A picture of the same size whose values are made from value and index. */
export function mapPicture(picture: Picture, change: (value: number, index: number) => number): Picture {
  return { ...picture, data: picture.data.map(change) };
}

/** A picture with one channel. */
export function plane(width: number, height: number, value: (x: number, y: number) => number): Picture {
  const data = new Float64Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = value(x, y);
  return { data, width, height, channels: 1 };
}

/** Brightness of each pixel: itself if grey, else Rec. 601 luma. */
export function luma({ data, width, height, channels }: Picture): Picture {
  const weights = channels === 1 ? [1] : [0.299, 0.587, 0.114];
  return plane(width, height, (x, y) => {
    const at = (y * width + x) * channels;
    return weights.reduce((sum, weight, c) => sum + weight * (data[at + c] as number), 0);
  });
}
