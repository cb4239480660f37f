import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { test } from 'tap';
import { readIdx } from './idx.js';
import { readLabelledImages } from './labelled-images.js';

const folder = fileURLToPath(new URL('../../../../models/fashion-mnist', import.meta.url));

test('the committed test images are 10,000 of 28x28 with labels from 0 to 9', async (t) => {
  const images = await readLabelledImages(folder);
  t.equal(images.count, 10_000);
  t.match(images.image(9_999), { width: 28, height: 28, channels: 1 });
  t.equal(images.image(9_999).data.length, 784);
  const labels = Array.from({ length: images.count }, (_, i) => images.label(i));
  t.same([...new Set(labels)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a file that is truncated, damaged or something else is named', async (t) => {
  const whole = readFileSync(`${folder}/t10k-labels-idx1-ubyte.gz`);
  t.throws(() => readIdx(whole.subarray(0, 1000), 'labels.gz'), {
    code: 'IMAGE_UNREADABLE',
    message: /labels.gz.*decompress/,
  });
  t.throws(() => readIdx(new Uint8Array(), 'empty'), { message: /empty cannot be read/ });
  t.throws(() => readIdx(new TextEncoder().encode('not an array'), 'notes.txt'), { message: /notes.txt.*IDX/ });
  const short = gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 9, 1, 2));
  t.throws(() => readIdx(short, 'short.gz'), { message: /announces 9 bytes and has 2/ });
});

test('a missing file and files that do not belong together are named', async (t) => {
  await t.rejects(readLabelledImages('/nowhere'), {
    code: 'IMAGE_UNREADABLE',
    message: /\/nowhere\/t10k-images-idx3-ubyte.gz.*ENOENT/,
  });
  const mixed = t.testdir({
    't10k-images-idx3-ubyte.gz': gzipSync(Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7)),
    't10k-labels-idx1-ubyte.gz': gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 2)),
  });
  await t.rejects(readLabelledImages(mixed), { code: 'IMAGE_UNREADABLE', message: /do not belong together/ });
});
