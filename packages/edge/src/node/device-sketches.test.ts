import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { open, predict, record, sample, startCloud } from './device.test-support.js';
import { until } from './fake-cloud.test-support.js';
import { marked } from './tiny-model.test-support.js';

const SKETCHES = { channels: [3], classes: 3 };

test('with upload none sketches leave the device, and no sample ever does', async (t) => {
  const cloud = await startCloud();
  cloud.sketches = SKETCHES;
  const device = await open(cloud, { upload: 'none', sketches: { every: 1, window: 8 } });
  t.teardown(() => cloud.drop());
  await predict(device, 0, 8);
  await until('a sketch', () => device.status().uploaded === 1);
  const [sketch] = [...cloud.samples.values()];
  if (sketch?.kind !== 'sketch') throw new Error(`a ${sketch?.kind} came`);
  t.equal(sketch.sketch.images, 8);
  // The model's only layer sees the images themselves.
  const values = Array.from({ length: 8 }, (_, i) => [...sample(i)]);
  const channel = values.flatMap((image) => image.slice(4, 8));
  const mean = channel.reduce((sum, value) => sum + value, 0) / channel.length;
  const variance = channel.reduce((sum, value) => sum + (value - mean) ** 2, 0) / channel.length;
  const [layer] = sketch.sketch.layers;
  t.ok(Math.abs((layer?.mean[1] ?? 0) - mean) < 1e-3, `${layer?.mean[1]} ${mean}`);
  t.ok(Math.abs((layer?.variance[1] ?? 0) - variance) < 1e-3, `${layer?.variance[1]} ${variance}`);
  t.equal(
    sketch.sketch.served.predicted.reduce((sum, count) => sum + count, 0),
    8,
  );

  // Scale and shift are those of the version in force: every image goes into class 0.
  cloud.publish(marked(40));
  await until('version 1', () => device.status().version === 1);
  await predict(device, 8, 8);
  await until('another', () => device.status().uploaded === 2);
  const second = [...cloud.samples.values()].at(-1);
  t.match(second, { kind: 'sketch', version: 1, sketch: { batch: { predicted: [8, 0, 0] } } });
  t.same(device.status().health, [], 'nothing is amiss');
  await device.close();
});

test('a cloud that learns nothing from sketches says so, and the samples beside them go up', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud, { sketches: { every: 1, window: 4 } });
  t.teardown(() => cloud.drop());
  const errors = record(device, 'error');
  await predict(device, 0, 4);
  await until('the rest', () => device.status().uploaded === 4 && device.status().dropped === 1);
  t.ok(errors.some(({ code }) => code === 'SKETCH_NOT_TAKEN'));
  t.same(
    [...cloud.samples.values()].map(({ kind }) => kind),
    ['tensor', 'tensor', 'tensor', 'tensor'],
  );
  await device.close();
});

test('a model of which no sketch can be made is refused with the remedy', async (t) => {
  await t.rejects(open('127.0.0.1:1', { upload: 'some' as 'none' }), { code: 'REQUEST_INVALID', message: /upload/ });
  await t.rejects(open('127.0.0.1:1', { sketches: { every: 0 } }), { message: /sketches.every is 0/ });
  const model = fileURLToPath(new URL('../../../../models/patterns/folded.onnx', import.meta.url));
  await t.rejects(open('127.0.0.1:1', { model, upload: 'none' }), {
    code: 'REQUEST_INVALID',
    message: /no sketches can be made of .*folded into a convolution.*Export it without folding/,
  });
});
