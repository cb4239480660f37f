import { readFileSync } from 'node:fs';
import { parseModel } from '@renorm/onnx';
import { encodeSample } from '@renorm/protocol';
import { test } from 'tap';
import { edgeModel, foundationModel, hazyImages, modelPath } from '../committed-models.test-support.js';
import { type DeviceSetAside, SampleVetting } from './sample-vetting.js';

const SHAPE = [1, 28, 28];
const sender = { cohort: 'lobby', id: 'camera-1' };
const edge = parseModel(edgeModel().bytes, 'edge.onnx');

const encoded = (images: readonly Float32Array[], first = 1) =>
  images.map((data, i) => ({ ...encodeSample({ data, shape: SHAPE }), sequence: first + i }));
const undivided = (image: Float32Array): Float32Array => image.map((value) => 255 * value);

test('honest samples pass: a haze, black, white, negatives, noise', async (t) => {
  for (const file of [edgeModel(), foundationModel()]) {
    const vetting = await SampleVetting.open(parseModel(file.bytes, file.name), SHAPE);
    const images = hazyImages(0, 20);
    await vetting.check(sender, encoded(images));
    await vetting.check(sender, encoded(images.map((image) => image.map((value) => 1 - value))));
    await vetting.check(sender, encoded([new Float32Array(784), new Float32Array(784).fill(1)]));
    await vetting.check(sender, encoded([Float32Array.from({ length: 784 }, (_, i) => Math.abs(Math.sin(i * i)))]));
    await vetting.release();
    t.pass(file.name);
  }
});

test('a sample out of range is refused by its place, its sequence and its device, with the remedy', async (t) => {
  const vetting = await SampleVetting.open(edge, SHAPE);
  const images = hazyImages(0, 31);
  const at = (index: number, bad: Float32Array) =>
    encoded(
      images.map((image, i) => (i === index ? bad : image)),
      100,
    );
  const expected = { code: 'SAMPLE_OUT_OF_RANGE', message: /sample 17 .*sequence 117.*camera-1.*divide pixels by 255/ };
  await t.rejects(vetting.check(sender, at(17, new Float32Array(784).fill(100))), expected);
  await t.rejects(vetting.check(sender, at(17, undivided(images[17] as Float32Array))), expected);
  t.same(vetting.devicesSetAside(), []);
  await vetting.release();
});

test('a device that keeps sending such is set aside, told so, and taken again when the time is over', async (t) => {
  let now = 1_000;
  const events: DeviceSetAside[] = [];
  const vetting = await SampleVetting.open(edge, SHAPE, { now: () => now, onSetAside: (event) => events.push(event) });
  const [image] = hazyImages(0, 1) as [Float32Array];
  for (const sequence of [1, 2, 3])
    await t.rejects(vetting.check(sender, encoded([undivided(image)], sequence)), { code: 'SAMPLE_OUT_OF_RANGE' });
  t.same(events, [{ cohort: 'lobby', device: 'camera-1', forMs: 60_000 }]);
  t.same(vetting.devicesSetAside(), events);
  await t.rejects(vetting.check(sender, encoded([image])), { code: 'DEVICE_SET_ASIDE', message: /60 s/ });
  await vetting.check({ ...sender, id: 'camera-2' }, encoded([image]));
  now += 60_001;
  await vetting.check(sender, encoded([image]));
  t.same(vetting.devicesSetAside(), []);
  await vetting.release();
});

test('a model without running statistics lets all samples pass', async (t) => {
  const folded = parseModel(readFileSync(modelPath('patterns/folded.onnx')), 'folded.onnx');
  const vetting = await SampleVetting.open(folded, SHAPE);
  await vetting.check(sender, encoded([new Float32Array(784).fill(100)]));
  t.pass('nothing is known of its range');
});
