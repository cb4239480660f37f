import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { test } from 'tap';
import { readIdx } from './idx.js';
import { readLabelledImages } from './labelled-images.js';
import { openData } from './open-data.js';

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

test('files that are not packed, of any prefix, are read; the test set first', async (t) => {
  const images = (pixel: number): Buffer => Buffer.from([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, pixel]);
  const labels = (label: number): Buffer => Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, label]);
  const folders = t.testdir({
    plain: { 'train-images-idx3-ubyte': images(7), 'train-labels-idx1-ubyte': labels(1) },
    dots: { 'emnist-balanced-test-images.idx3-ubyte': images(8), 'emnist-balanced-test-labels.idx1-ubyte': labels(2) },
    half: { 'images-idx3-ubyte.gz': gzipSync(images(9)), 'labels-idx1-ubyte': labels(3) },
    both: {
      'a-images-idx3-ubyte': images(1),
      'a-labels-idx1-ubyte': labels(1),
      't10k-images-idx3-ubyte': images(2),
      't10k-labels-idx1-ubyte.gz': gzipSync(labels(4)),
    },
    alone: { 'train-images-idx3-ubyte': images(7) },
  });
  const read = async (name: string): Promise<(number | undefined)[]> => {
    const { environments, notes, open } = await openData(`${folders}/${name}`, { classes: 5 });
    const source = await open(environments[0] as Parameters<typeof open>[0]);
    return [(await source.image(0)).data[0], source.label(0), notes.length];
  };
  t.same(await read('plain'), [7, 1, 0]);
  t.same(await read('dots'), [8, 2, 0]);
  t.same(await read('half'), [9, 3, 0]);
  t.same(await read('both'), [2, 4, 1]);
  await t.rejects(read('alone'), { code: 'IMAGE_UNREADABLE', message: /train-labels-idx1-ubyte.*ENOENT/ });
});
