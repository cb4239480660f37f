import type { ImageShape } from '@renorm/protocol';
import sharp from 'sharp';

/**
 * A WebP file of pixels, with loss.
 *
 * @param pixels channel by channel, as `shape` says
 * @param quality 1 to 100
 */
export async function encodeImage(pixels: Uint8Array, shape: ImageShape, quality: number): Promise<Uint8Array> {
  const [channels, height, width] = shape;
  const size = width * height;
  const interleaved = new Uint8Array(pixels.length).map(
    (_, i) => pixels[(i % channels) * size + Math.floor(i / channels)] as number,
  );
  const image = sharp(interleaved, { raw: { width, height, channels } });
  return new Uint8Array(await image.webp({ quality, effort: 4 }).toBuffer());
}
