import { type GivenImage, type ImageShape, RenormError } from '@renorm/protocol';
import { imagePixels, withoutAlpha } from '../image-pixels.js';
import type { Raster } from '../resize.js';
import { decodeImage, decodePhotograph } from './decode-image.js';
import { encodeImage } from './encode-image.js';

// What runs in the threads of ImageThreads, by name.

/** An outcome that survives the way between threads, where classes of errors do not. */
export type Outcome<Value> = { readonly value: Value } | { readonly unreadable: string };

export interface PixelsToEncode {
  readonly pixels: Uint8Array;
  readonly shape: ImageShape;
  readonly quality: number;
}

/** Pixels of a camera: 1 to 4 channels, the last of 2 or 4 is transparency. */
export interface GivenFrame extends Omit<GivenImage, 'file'> {
  readonly frame: Raster;
}

/** Pixels, and whether a cloud makes the same ones of the file. */
export interface FilePixels {
  readonly pixels: Uint8Array;
  readonly isPlain: boolean;
}

/** The pixels of a model's input, of an image file. */
export const toPixels = ({ file, preprocessing, shape }: GivenImage): Promise<Outcome<Uint8Array>> =>
  outcomeOf(async () => imagePixels(await decodeImage(file), preprocessing, shape));

/** The same of whatever a camera gives. */
export const ofPhotograph = ({ file, preprocessing, shape }: GivenImage): Promise<Outcome<FilePixels>> =>
  outcomeOf(async () => {
    const { raster, isPlain } = await decodePhotograph(file);
    return { pixels: imagePixels(raster, preprocessing, shape), isPlain };
  });

/** The same of a frame. */
export const ofFrame = ({ frame, preprocessing, shape }: GivenFrame): Promise<Outcome<Uint8Array>> =>
  outcomeOf(async () => imagePixels(withoutAlpha(frame), preprocessing, shape));

async function outcomeOf<Value>(made: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await made() };
  } catch (error) {
    if (error instanceof RenormError) return { unreadable: error.text };
    throw error;
  }
}

/** A file of pixels. */
export function toFile({ pixels, shape, quality }: PixelsToEncode): Promise<Uint8Array> {
  return encodeImage(pixels, shape, quality);
}
