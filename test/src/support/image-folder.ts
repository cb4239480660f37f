import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import type { Test } from 'tap';
import { repositoryPath } from './cloud-process.js';

const PIXELS = 28 * 28;

/** A folder with the first test images as PNG files, `000.png` and on; it goes when the test ends. */
export async function imageFolder(t: Test, count: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'renorm-images-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const images = join(folder, 'images');
  await mkdir(images);
  const raw = gunzipSync(await readFile(repositoryPath('models/fashion-mnist/t10k-images-idx3-ubyte.gz')));
  for (let i = 0; i < count; i++) {
    const pixels = raw.subarray(16 + i * PIXELS, 16 + (i + 1) * PIXELS);
    await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toFile(join(images, `${String(i).padStart(3, '0')}.png`));
  }
  return images;
}
