import sharp from 'sharp';
import { test } from 'tap';
import { decodeImage, decodePhotograph, MAX_IMAGE_PIXELS } from './decode-image.js';

/** Left half dark, right half light. */
const halves = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({ create: { width, height, channels, background: { r: 200, g: 100, b: 50, alpha: 1 } } }).composite([
    {
      input: { create: { width: width / 2, height, channels: 3, background: { r: 20, g: 40, b: 60 } } },
      left: 0,
      top: 0,
    },
  ]);

const at = ({ data, width, channels }: { data: Uint8Array; width: number; channels: number }, x: number, y: number) => [
  ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
];

const near = (a: readonly number[], b: readonly number[], by: number): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - (b[i] as number)) <= by);

test('a photograph of 50 megapixels is shrunk while it is decoded', async (t) => {
  const file = await halves(8688, 5792).jpeg({ quality: 60 }).toBuffer();
  await t.rejects(decodeImage(file), { code: 'IMAGE_UNREADABLE' });
  const { raster, isPlain } = await decodePhotograph(file);
  t.notOk(isPlain);
  t.same([raster.width, raster.height, raster.channels], [4344, 2896, 3]);
  t.ok(raster.width * raster.height <= MAX_IMAGE_PIXELS);
  t.ok(near(at(raster, 1000, 1000), [20, 40, 60], 6), `${at(raster, 1000, 1000)}`);
  t.ok(near(at(raster, 3000, 2000), [200, 100, 50], 6), `${at(raster, 3000, 2000)}`);
});

test('16 bits become 8, and CMYK becomes RGB', async (t) => {
  const deep = await halves(64, 48).toColourspace('rgb16').png().toBuffer();
  t.equal((await sharp(deep).metadata()).depth, 'ushort');
  await t.rejects(decodeImage(deep), { code: 'IMAGE_UNREADABLE' });
  const { raster, isPlain } = await decodePhotograph(deep);
  t.notOk(isPlain, 'no cloud takes it as a file');
  t.same([raster.channels, at(raster, 5, 5)], [3, [20, 40, 60]]);
  const grey = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  t.equal((await decodePhotograph(grey)).raster.channels, 1);
  const print = await halves(64, 48)
    .toColourspace('cmyk')
    .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    .toBuffer();
  t.equal((await sharp(print).metadata()).space, 'cmyk');
  const shown = (await decodePhotograph(print)).raster;
  t.equal(shown.channels, 3);
  t.ok(near(at(shown, 50, 20), [200, 100, 50], 40), `${at(shown, 50, 20)}`);
});

test('what every cloud takes is decoded to the same bits', async (t) => {
  const file = await halves(64, 48).jpeg().toBuffer();
  t.same(await decodePhotograph(file), { raster: await decodeImage(file), isPlain: true });
  await t.rejects(decodePhotograph(file.subarray(0, 300)), { code: 'IMAGE_UNREADABLE' });
  await t.rejects(decodePhotograph(Buffer.from('none')), { code: 'IMAGE_UNREADABLE' });
});
