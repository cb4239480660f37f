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
/** A PNG of 40 x 40 pixels of one colour, with 16 bits a value. */
const SIXTEEN_BITS =
  'iVBORw0KGgoAAAANSUhEUgAAACgAAAAoEAIAAABTDPN5AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAARklEQVR42u3PMQEAMAgDsHrC0zyhFlzsIU/+pOal544RFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhb+G14YYu0e5sC50gAAAABJRU5ErkJggg==';
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
  await rejected({ preprocessing: { fit: 'none', mean: [0.5], std: [0] } }, /std is \[0\]/);
  await rejected({ preprocessing: { fit: 'none', mean: [0, 0, 0], std: [1, 1, 1] } }, /3 values for 1 channels/);
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

test('a frame of pixels predicts as the image that has them, whatever its channels', async (t) => {
  const { cloud, device } = await fashion(t, { preprocessing: { fit: 'none' } });
  const grey = Uint8Array.from({ length: 28 * 28 }, (_, i) => (i * 7) % 256);
  const { probabilities } = await device.infer(Float32Array.from(grey, (pixel) => pixel / 255));
  const rgba = Uint8ClampedArray.from({ length: grey.length * 4 }, (_, i) =>
    i % 4 === 3 ? 9 : (grey[Math.floor(i / 4)] as number),
  );
  const size = { width: 28, height: 28 };
  const frames = [
    { ...size, data: grey },
    { ...size, data: Buffer.from(grey), channels: 1 },
    { ...size, data: rgba },
    { ...size, data: Uint8Array.from({ length: grey.length * 3 }, (_, i) => grey[Math.floor(i / 3)] as number) },
  ];
  for (const frame of frames) t.match(await device.infer(frame), { probabilities });
  for (const data of [grey.subarray(1), new Uint8Array(0), [...grey]])
    await t.rejects(device.infer({ ...size, data } as never), { code: 'SAMPLE_INVALID', message: /the frame/ });
  await t.rejects(device.infer({ width: 27, height: 28, data: new Uint8Array(27 * 28) }), { code: 'IMAGE_UNREADABLE' });
  await device.flush();
  for (const sample of cloud.samples.values()) t.match(sample, { kind: 'tensor' });
});

test('a photograph that no cloud takes as a file travels as its pixels', async (t) => {
  const { cloud, device } = await fashion(t, { preprocessing: stretch });
  const deep = Buffer.from(SIXTEEN_BITS, 'base64');
  await device.infer({ image: deep });
  await device.flush();
  t.match([...cloud.samples.values()], [{ kind: 'tensor', encoded: { encoding: SampleEncoding.UINT8 } }]);
});
