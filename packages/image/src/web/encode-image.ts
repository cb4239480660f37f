import type { ImageShape } from '@renorm/protocol';

/**
 * A WebP file of pixels, with loss; of a browser that writes none, a PNG file.
 *
 * @param pixels channel by channel, as `shape` says
 * @param quality 1 to 100
 */
export async function encodeImage(pixels: Uint8Array, shape: ImageShape, quality: number): Promise<Uint8Array> {
  const [channels, height, width] = shape;
  const size = width * height;
  const image = new ImageData(width, height);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) image.data[i * 4 + c] = pixels[(channels === 1 ? 0 : c) * size + i] as number;
    image.data[i * 4 + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  const file = await canvas.convertToBlob({ type: 'image/webp', quality: quality / 100 });
  return new Uint8Array(await file.arrayBuffer());
}
