import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { test } from 'tap';
import { pack } from 'tar-stream';
import { AS_IT_IS, type DataSet } from './data-set.js';
import { openData } from './open-data.js';

const png = (value: number, side = 4): Promise<Buffer> =>
  sharp(new Uint8Array(side * side).fill(value), { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toBuffer();

/** A .npy file as NumPy 1 writes it. */
function npy(type: string, shape: readonly number[], bytes: Uint8Array, order = 'False'): Uint8Array {
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const head = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, head.length & 255, head.length >> 8]);
  return Buffer.concat([start, Buffer.from(head, 'latin1'), bytes]);
}

const int64 = (values: readonly number[]): Uint8Array => new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);

async function labelsAndPixels(
  data: DataSet,
  environment = AS_IT_IS,
): Promise<(readonly [label: number | undefined, pixel: number | undefined])[]> {
  const source = await data.open(environment);
  return Promise.all(
    Array.from({ length: source.count }, async (_, i) => [source.label(i), (await source.image(i)).data[0]] as const),
  );
}

async function folderOf(root: string, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), bytes);
  }
  return root;
}

test('a folder for each class counts classes in the order of their names', async (t) => {
  const files = {
    'cat/a.png': await png(10),
    'cat/.hidden.png': await png(0),
    'dog/deep/b.png': await png(20),
    'notes.txt': Buffer.from('-'),
  };
  const data = await openData(await folderOf(t.testdir(), files), { classes: 2 });
  t.match(data, { layout: 'a folder for each class', isLabelled: true });
  t.same(await labelsAndPixels(data), [
    [0, 10],
    [1, 20],
  ]);
});

test('fewer folders than classes need names, or are numbers', async (t) => {
  const root = await folderOf(t.testdir(), { '7/a.png': await png(1), '3/b.png': await png(2) });
  t.same(await labelsAndPixels(await openData(root, { classes: 10 })), [
    [3, 2],
    [7, 1],
  ]);
  const named = await folderOf(t.testdir(), { 'dog/a.png': await png(1) });
  await t.rejects(openData(named, { classes: 3 }), {
    code: 'REQUEST_INVALID',
    message: /1 class folder and the model tells 3 classes apart.*--classes FILE/,
  });
  const data = await openData(named, { classes: 3, classNames: ['cat', 'emu', 'dog'] });
  t.same(await labelsAndPixels(data), [[2, 1]]);
  t.match(data.notes, [/of one class, dog/]);
  await t.rejects(openData(named, { classes: 3, classNames: ['cat', 'emu', 'fox'] }), {
    message: /does not name the folder dog/,
  });
});

test('an empty folder, and what is no folder, are named with a remedy', async (t) => {
  await t.rejects(openData(t.testdir(), { classes: 2 }), {
    code: 'REQUEST_INVALID',
    message: /no PNG, JPEG or WebP image/,
  });
  await t.rejects(openData('/nowhere', { classes: 2 }), { code: 'REQUEST_INVALID', message: /--data \/nowhere/ });
  await t.rejects(openData(`${t.testdir({ 'x.txt': '' })}/x.txt`, { classes: 2 }), {
    message: /no .npz, .npy or .tar/,
  });
});

test('images without labels are images without labels, and a broken one is named when it is read', async (t) => {
  const data = await openData(
    await folderOf(t.testdir(), { 'a.png': await png(9), 'b.jpg': Buffer.from('no image') }),
    { classes: 2 },
  );
  t.equal(data.isLabelled, false);
  const source = await data.open(AS_IT_IS);
  t.same([source.count, source.label(0), (await source.image(0)).data[0]], [2, undefined, 9]);
  await t.rejects(source.image(1), { code: 'IMAGE_UNREADABLE', message: /b\.jpg: the image cannot be decoded/ });
});

test('npz with images and labels, of either order of the axes', async (t) => {
  const pixels = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => i);
  const images = { 'x_test.npy': npy('|u1', [2, 3, 2, 2], pixels), 'y_test.npy': npy('<i8', [2], int64([1, 0])) };
  const path = join(await folderOf(t.testdir(), { 'set.npz': zipSync(images) }), 'set.npz');
  const data = await openData(path, { classes: 2 });
  t.same(await labelsAndPixels(data), [
    [1, 0],
    [0, 12],
  ]);
  t.same(
    [...(await (await data.open(AS_IT_IS)).image(0)).data.subarray(0, 6)],
    [0, 4, 8, 1, 5, 9],
    'planes become pixels',
  );
  await t.rejects(openData(path, { classes: 1 }), {
    code: 'IMAGE_UNREADABLE',
    message: /has the label 1, and the model tells the classes 0 to 0/,
  });
});

test('CIFAR-10-C as published: five severities in a file, one after the other', async (t) => {
  const bytes = Uint8Array.from({ length: 10 * 2 * 2 * 3 }, (_, i) => Math.floor(i / 12));
  const root = await folderOf(t.testdir(), {
    'labels.npy': npy('<i8', [10], int64([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])),
    'fog.npy': npy('|u1', [10, 2, 2, 3], bytes),
    'snow.npy': npy('|u1', [9, 2, 2, 3], bytes.subarray(0, 108)),
  });
  const data = await openData(root, { classes: 10 });
  t.equal(data.environments.length, 10);
  t.same(await labelsAndPixels(data, { corruption: 'fog', severity: 5 }), [
    [0, 8],
    [1, 9],
  ]);
  await t.rejects(data.open({ corruption: 'snow', severity: 1 }), {
    code: 'IMAGE_UNREADABLE',
    message: /9 images and labels.npy 10/,
  });
});

test('ImageNet-C as published, in groups or without', async (t) => {
  const files = {
    'fog/3/n01/a.png': await png(1),
    'fog/3/n02/b.png': await png(2),
    'fog/5/n01/a.png': await png(3),
    'fog/5/n02/a.png': await png(4),
  };
  const grouped = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`weather/${name}`, bytes]));
  for (const tree of [files, grouped]) {
    const data = await openData(await folderOf(t.testdir(), tree), { classes: 2 });
    t.same(data.environments, [
      { corruption: 'fog', severity: 3 },
      { corruption: 'fog', severity: 5 },
    ]);
    t.same(await labelsAndPixels(data, { corruption: 'fog', severity: 5 }), [
      [0, 3],
      [1, 4],
    ]);
  }
});

test('shards of a WebDataset, plain and compressed', async (t) => {
  const tar = pack();
  for (const [i, name] of ['000', '001'].entries()) {
    tar.entry({ name: `./${name}.png` }, await png(40 + i));
    if (i === 0) tar.entry({ name: `./${name}.cls` }, '1\n');
    else tar.entry({ name: `./${name}.json` }, '{"label": 0}');
  }
  tar.entry({ name: './002.png' }, await png(50));
  tar.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of tar) parts.push(part as Uint8Array);
  const bytes = Buffer.concat(parts);
  const packed: Readonly<Record<string, Uint8Array>>[] = [{ 'a.tar': bytes }, { 'a.tar.gz': gzipSync(bytes) }];
  for (const files of packed) {
    const data = await openData(await folderOf(t.testdir(), files), { classes: 2 });
    t.match(data, { layout: 'WebDataset', notes: [/1 images without a label/] });
    t.same(await labelsAndPixels(data), [
      [1, 40],
      [0, 41],
    ]);
  }
  const cut = await folderOf(t.testdir(), { 'a.tar': bytes.subarray(0, 900) });
  await t.rejects(openData(cut, { classes: 2 }), { code: 'IMAGE_UNREADABLE', message: /a\.tar cannot be read/ });
});

test('arrays that are cut, in another order or of other numbers are refused by name', async (t) => {
  const refuse = async (bytes: Uint8Array, message: RegExp): Promise<unknown> =>
    t.rejects(
      openData(join(await folderOf(t.testdir(), { 'x.npy': bytes }), 'x.npy'), { classes: 2 }).then((data) =>
        data.open(AS_IT_IS),
      ),
      { code: 'IMAGE_UNREADABLE', message },
    );
  await refuse(Buffer.from('no array at all'), /does not begin as a .npy file/);
  await refuse(npy('|u1', [5, 2, 2], new Uint8Array(19)), /announces \d+ bytes and has/);
  await refuse(npy('|u1', [1, 2, 2], new Uint8Array(4), 'True'), /Fortran order/);
  await refuse(npy('<f4', [1, 2, 2], new Uint8Array(16)), /save them as uint8/);
  await refuse(npy('|u1', [1, 2, 2, 5], new Uint8Array(20)), /its shape is/);
});
