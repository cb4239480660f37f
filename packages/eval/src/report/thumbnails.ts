import sharp from 'sharp';
import { readLabelledImages } from '../data/labelled-images.js';
import type { DemoPlan, Environment } from '../demo/plan.js';
import { see } from '../demo/stream.js';

const PICTURES = 8;

/** The first test images as they look in an environment, side by side, as a PNG data URI. */
export async function thumbnailStrip(plan: DemoPlan, environment: Environment): Promise<string> {
  const images = await readLabelledImages(plan.images);
  const seen = await Promise.all(
    Array.from({ length: PICTURES }, (_, i) => see(images.image(i), environment, plan.seed + i)),
  );
  const { width = 0, height = 0, channels = 1 } = seen[0] ?? {};
  const pixels = new Uint8Array(PICTURES * width * height * channels);
  for (const [index, { data }] of seen.entries()) {
    for (let row = 0; row < height; row++) {
      const line = data.subarray(row * width * channels, (row + 1) * width * channels);
      pixels.set(line, (row * PICTURES + index) * width * channels);
    }
  }
  const png = await sharp(pixels, { raw: { width: PICTURES * width, height, channels } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
