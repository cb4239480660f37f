import { type ImageShape, type Preprocessing, RenormError } from '@renorm/protocol';
import { type Raster, resize, type Window } from './resize.js';

/**
 * The pixels of a model's input: orientation and colours are the decoder's affair, the size is this one's.
 *
 * @param raster 1 or 3 channels
 * @returns 8 bits a value in the order of `shape`: channel by channel, row by row
 * @throws RenormError IMAGE_UNREADABLE: with the fit `none`, an image of another size
 */
export function imagePixels(raster: Raster, preprocessing: Preprocessing, shape: ImageShape): Uint8Array {
  const [channels, height, width] = shape;
  return toPlanes(fitted(channels === 1 ? toGrey(raster) : toColour(raster), preprocessing, width, height));
}

/** A raster of one or three channels of one of one to four: transparency is dropped. */
export function withoutAlpha(raster: Raster): Raster {
  const { channels, width, height } = raster;
  if (channels === 1 || channels === 3) return raster;
  const kept = channels - 1;
  const data = new Uint8Array(width * height * kept);
  for (let i = 0; i < width * height; i++)
    for (let channel = 0; channel < kept; channel++)
      data[i * kept + channel] = raster.data[i * channels + channel] as number;
  return { width, height, channels: kept, data };
}

function fitted(
  raster: Raster,
  { fit, shorterSide = 0, filter = 'bilinear' }: Preprocessing,
  width: number,
  height: number,
) {
  if (fit === 'none') {
    if (raster.width === width && raster.height === height) return raster;
    throw new RenormError(
      'IMAGE_UNREADABLE',
      `the image has ${raster.width} x ${raster.height} pixels, the model takes ${width} x ${height}; resize it, or let the preprocessing fit it (stretch, crop).`,
    );
  }
  if (fit === 'stretch') return resize(raster, { width, height }, { left: 0, top: 0, width, height }, filter);
  const size = shorterTo(raster, shorterSide);
  const window: Window = { left: middle(size.width - width), top: middle(size.height - height), width, height };
  return resize(raster, size, window, filter);
}

/** Torchvision rounds the longer side down. */
function shorterTo({ width, height }: Raster, side: number): { width: number; height: number } {
  return width <= height
    ? { width: side, height: Math.trunc((side * height) / width) }
    : { width: Math.trunc((side * width) / height), height: side };
}

/** Half of what is left over, a half pixel to the even side, as Python's `round`. */
function middle(over: number): number {
  const half = Math.floor(over / 2);
  return over % 2 === 0 || half % 2 === 0 ? half : half + 1;
}

/** ITU-R 601 luma in 16-bit fixed point, as Pillow's `convert('L')`. */
function toGrey(raster: Raster): Raster {
  if (raster.channels === 1) return raster;
  const data = new Uint8Array(raster.width * raster.height);
  for (let i = 0; i < data.length; i++) {
    const [r, g, b] = [raster.data[i * 3], raster.data[i * 3 + 1], raster.data[i * 3 + 2]] as [number, number, number];
    data[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
  }
  return { ...raster, channels: 1, data };
}

function toColour(raster: Raster): Raster {
  if (raster.channels === 3) return raster;
  const data = new Uint8Array(raster.data.length * 3);
  for (let i = 0; i < data.length; i++) data[i] = raster.data[Math.floor(i / 3)] as number;
  return { ...raster, channels: 3, data };
}

function toPlanes({ width, height, channels, data }: Raster): Uint8Array {
  const size = width * height;
  const planes = new Uint8Array(data.length);
  for (let i = 0; i < size; i++)
    for (let channel = 0; channel < channels; channel++)
      planes[channel * size + i] = data[i * channels + channel] as number;
  return planes;
}
