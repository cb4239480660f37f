import { imagePixels, type Raster } from '@renorm/image';
import { type ImageShape, normalizePixels, type Preprocessing } from '@renorm/protocol';
import type { Image } from '../corruptions/index.js';

/** An image in the model's size, 8 bits a value: what a corruption takes. @throws RenormError IMAGE_UNREADABLE */
export function fittedImage(raster: Raster, preprocessing: Preprocessing, shape: ImageShape): Image {
  const [channels, height, width] = shape;
  const planes = imagePixels(raster, preprocessing, shape);
  const [size, data] = [width * height, new Uint8Array(planes.length)];
  for (let i = 0; i < size; i++)
    for (let c = 0; c < channels; c++) data[i * channels + c] = planes[c * size + i] as number;
  return { data, width, height, channels };
}

/** A fitted image as the model takes it: float32 [channels, height, width]. */
export function modelInput({ data, width, height, channels }: Image, preprocessing: Preprocessing): Float32Array {
  const [size, planes] = [width * height, new Uint8Array(data.length)];
  for (let i = 0; i < size; i++)
    for (let c = 0; c < channels; c++) planes[c * size + i] = data[i * channels + c] as number;
  return normalizePixels(planes, preprocessing);
}
