import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseModel, readParameters } from '@renorm/onnx';
import { type Preprocessing, SampleEncoding } from '@renorm/protocol';
import { type Test, test } from 'tap';
import { open } from './device.test-support.js';
import { FakeCloud, until } from './fake-cloud.test-support.js';
import type { OpenDeviceOptions } from './index.js';
import { KEEP_ALL } from './tiny-model.test-support.js';

const path = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));
const vector = (name: string): Uint8Array => new Uint8Array(readFileSync(path(`proto/vectors/${name}`)));
const model = new Uint8Array(readFileSync(path('models/fashion-edge.onnx')));
const SHAPE = [1, 28, 28];
const stretch: Preprocessing = { fit: 'stretch', filter: 'bicubic' };

async function fashion(t: Test, options: Partial<OpenDeviceOptions> = {}) {
  const cloud = await FakeCloud.start(SHAPE, readParameters(parseModel(model, 'fashion-edge')));
  const device = await open(cloud, { model, ...options, selection: KEEP_ALL });
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  return { cloud, device };
}

test('an image predicts as the values that it stands for', async (t) => {
  const { device } = await fashion(t, { preprocessing: stretch });
  const { label, probabilities } = await device.infer({ image: vector('grey.jpg') });
  const values = Float32Array.from(vector('grey.jpg.pixels'), (pixel) => pixel / 255);
  t.match(await device.infer(values), { label, probabilities });
});

test('a sample travels as the image that was given, or as values, whichever is smaller', async (t) => {
  const { cloud, device } = await fashion(t, { preprocessing: { fit: 'stretch' } });
  const small = vector('palette.png');
  const buffer = Buffer.from(small);
  const predicted = device.infer({ image: buffer });
  buffer.fill(0);
  await predicted;
  await device.infer({ image: vector('upright.jpg') });
  await device.flush();
  const [first, second] = cloud.samples.values();
  t.match(first, { kind: 'image', image: { file: small, preprocessing: { fit: 'stretch', filter: 'bilinear' } } });
  t.match(
    second,
    { kind: 'tensor', encoded: { encoding: SampleEncoding.UINT8 } },
    'the file has 3,097 bytes, the pixels fewer',
  );
});

test('with a quality, samples travel as WebP where that is smaller, whatever they were given as', async (t) => {
  const { cloud, device } = await fashion(t, { preprocessing: stretch, quality: 30 });
  const values = Float32Array.from(vector('grey.jpg.pixels'), (pixel) => pixel / 255);
  await device.infer(values);
  await device.infer({ image: vector('grey.jpg') });
  await device.infer(values.map((value) => value + 0.001));
  await device.flush();
  const sent = [...cloud.samples.values()];
  const files = sent.flatMap((each) => (each.kind === 'image' ? [each.image] : []));
  t.match(
    files,
    [1, 2].map(() => ({ preprocessing: { fit: 'none' } })),
  );
  t.ok(files.every(({ file }) => file.length < 400));
  t.equal(sent.filter(({ kind }) => kind === 'tensor').length, 1, 'values that are no pixels stay what they are');
});

test('exact samples never travel as images', async (t) => {
  const { cloud, device } = await fashion(t, { samples: 'exact' });
  await device.infer({ image: vector('lossy.webp') });
  await device.flush();
  t.match([...cloud.samples.values()], [{ kind: 'tensor' }]);
});

test('an image that cannot be read is an error of that prediction only', async (t) => {
  const { device } = await fashion(t);
  const damaged = vector('photo.jpg').subarray(0, 900);
  await t.rejects(device.infer({ image: damaged }), {
    code: 'IMAGE_UNREADABLE',
    message: /undamaged JPEG, PNG or WebP/,
  });
  await t.rejects(device.infer({ image: new Uint8Array(5) }), {
    code: 'IMAGE_UNREADABLE',
    message: /no JPEG, PNG or WebP/,
  });
  await device.infer({ image: vector('photo.jpg') });
  await until('decided', () => device.status().selected === 1);
});

test('options that cannot be followed are named', async (t) => {
  const rejected = (options: Partial<OpenDeviceOptions>, message: RegExp) =>
    t.rejects(open('localhost:1', { model, ...options }), { code: 'REQUEST_INVALID', message });
  await rejected({ preprocessing: { fit: 'crop' } }, /shorterSide is undefined; it is an integer from 28 to 65535/);
  await rejected({ preprocessing: { fit: 'crop', shorterSide: 27 } }, /shorterSide is 27/);
  await rejected({ preprocessing: { fit: 'none', mean: [0.5] } }, /come together/);
  await rejected({ preprocessing: { fit: 'none', mean: [0.5], deviation: [0] } }, /deviation is \[0\]/);
  await rejected({ preprocessing: { fit: 'none', mean: [0, 0, 0], deviation: [1, 1, 1] } }, /3 values for 1 channels/);
  await rejected({ quality: 0 }, /quality is 0/);
  await rejected({ quality: 50, samples: 'exact' }, /leave one out/);
});

test('a device that is closed finishes the image in hand', async (t) => {
  const { device } = await fashion(t);
  const inHand = device.infer({ image: vector('photo.jpg') });
  await device.close();
  t.match(await inHand, { version: 0 });
  await t.rejects(device.infer({ image: vector('photo.jpg') }), { code: 'CLOSED' });
});
