import { imagePixels, withoutAlpha } from '@renorm/image';
import { decodePhotograph } from '@renorm/image/web';
import type { GivenImage } from '@renorm/protocol';
import type { Frame } from '../core/sample-input.js';

/** The pixels of a model's input, of an image file; and whether a cloud makes the same ones of it. */
export async function photographPixels({ file, preprocessing, shape }: GivenImage) {
  const { raster, isPlain } = await decodePhotograph(file);
  return { pixels: imagePixels(withoutAlpha(raster), preprocessing, shape), isPlain };
}

/** The same of a frame. */
export function framePixels(frame: Frame, { preprocessing, shape }: Omit<GivenImage, 'file'>): Uint8Array {
  return imagePixels(withoutAlpha(frame), preprocessing, shape);
}
