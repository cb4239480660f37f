import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ImageShape, Preprocessing } from '@renorm/protocol';
import { test } from 'tap';
import { imagePixels } from '../image-pixels.js';
import { decodeImage } from './decode-image.js';
import { ImageThreads } from './image-threads.js';

const folder = fileURLToPath(new URL('../../../../proto/vectors/', import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${folder}${name}`));

interface Vector {
  readonly file: string;
  readonly pixels: string;
  readonly preprocessing: Preprocessing;
  readonly shape: ImageShape;
}

const vectors = JSON.parse(readFileSync(`${folder}images.json`, 'utf8')) as Vector[];

test('an image becomes the pixels that Pillow makes of it, to the bit', async (t) => {
  for (const { file, pixels, preprocessing, shape } of vectors)
    t.same(imagePixels(await decodeImage(read(file)), preprocessing, shape), read(pixels), file);
});

test('a thread makes the same pixels', async (t) => {
  const threads = new ImageThreads();
  t.teardown(() => threads.close());
  await Promise.all(
    vectors.map(async ({ file, pixels, preprocessing, shape }) =>
      t.same(await threads.pixels({ file: read(file), preprocessing, shape }), read(pixels), file),
    ),
  );
});
