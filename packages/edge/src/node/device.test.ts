import { SampleEncoding } from '@renorm/protocol';
import { test } from 'tap';
import { open, predict, sample, sequencesOf, startCloud } from './device.test-support.js';
import { TINY_SHAPE, ZEROS } from './tiny-model.test-support.js';

test('a device announces itself, predicts, and uploads what it keeps, to the bit', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud, { selection: 'everything' });
  t.teardown(() => cloud.drop());
  const { label, probabilities, entropy, version } = await device.infer({
    data: Float32Array.from(ZEROS).fill(0.2),
    shape: TINY_SHAPE,
  });
  t.same([label, probabilities.length, version], [0, 3, 0]);
  t.ok(Math.abs(entropy - Math.log(3)) < 1e-6, 'three equal logits');
  await predict(device, 0, 30);
  t.equal(await device.flush(), 0);
  t.match(cloud.announcements[0], { device: { id: 'cam-1', cohort: 'lobby' }, running: { number: 0 } });
  t.same(
    sequencesOf(cloud),
    Array.from({ length: 31 }, (_, i) => i + 1),
    'each once, in order',
  );
  const received = [...cloud.samples.values()];
  t.match(received[5], { kind: 'tensor', tensor: { data: sample(4) }, encoded: { encoding: SampleEncoding.UINT8 } });
  t.ok(
    cloud.uploads.every(({ samples }) => samples.length <= cloud.maxSamples),
    'batches as large as the cloud takes',
  );
  const status = device.status();
  t.match(status, { connected: true, predictions: 31, selected: 31, uploaded: 31, pending: 0, dropped: 0 });
  t.ok(status.bytesUp > 31 * 10 && status.bytesDown > 0);
  await device.close();
});

test('the caller may use its buffer again at once', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud, { selection: 'everything' });
  t.teardown(() => cloud.drop());
  const buffer = new Float32Array(12);
  const predictions = [];
  for (let i = 0; i < 20; i++) {
    buffer.fill(i / 255);
    predictions.push(device.infer(buffer));
  }
  await Promise.all(predictions);
  await device.flush();
  t.same(
    [...cloud.samples.values()].map((sent) => sent.kind === 'tensor' && sent.tensor.data[11]),
    Array.from({ length: 20 }, (_, i) => Math.fround(i / 255)),
  );
  await device.close();
});

test('a sample with a wrong shape or NaN rejects by name, and counts as nothing', async (t) => {
  const device = await open('127.0.0.1:1');
  t.teardown(() => device.close());
  await t.rejects(device.infer(new Float32Array(11)), {
    code: 'SAMPLE_INVALID',
    message: /11 values, the model takes \[3,2,2\]/,
  });
  await t.rejects(device.infer(Float32Array.from(ZEROS).fill(NaN, 7, 8)), {
    code: 'SAMPLE_INVALID',
    message: /NaN at index 7/,
  });
  t.equal(device.status().predictions, 0);
});

test('closed, it refuses; closing twice is one closing', async (t) => {
  const device = await open('127.0.0.1:1');
  await Promise.all([device.close(), device.close()]);
  await t.rejects(device.infer(ZEROS), { code: 'CLOSED' });
});

test('close waits for what is on its way to a cloud that answers', async (t) => {
  const cloud = await startCloud();
  t.teardown(() => cloud.drop());
  const device = await open(cloud, { queue: { lingerMs: 60_000 } });
  const last = device.infer(sample(1));
  await device.close();
  await last;
  t.same(sequencesOf(cloud), [1]);
});
