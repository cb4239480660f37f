import { type GivenImage, type ImageShape, RenormError } from '@renorm/protocol';
import { imagePixels } from '../image-pixels.js';
import { decodeImage } from './decode-image.js';
import { encodeImage } from './encode-image.js';

// What runs in the threads of ImageThreads, by name.

/** An outcome that survives the way between threads, where classes of errors do not. */
export type Outcome<Value> = { readonly value: Value } | { readonly unreadable: string };

export interface PixelsToEncode {
  readonly pixels: Uint8Array;
  readonly shape: ImageShape;
  readonly quality: number;
}

/** The pixels of a model's input, of an image file. */
export async function toPixels({ file, preprocessing, shape }: GivenImage): Promise<Outcome<Uint8Array>> {
  try {
    return { value: imagePixels(await decodeImage(file), preprocessing, shape) };
  } catch (error) {
    if (error instanceof RenormError) return { unreadable: error.text };
    throw error;
  }
}

/** A file of pixels. */
export function toFile({ pixels, shape, quality }: PixelsToEncode): Promise<Uint8Array> {
  return encodeImage(pixels, shape, quality);
}
