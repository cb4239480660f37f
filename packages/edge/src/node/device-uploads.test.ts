import { RenormError } from '@renorm/protocol';
import { test } from 'tap';
import { open, predict, record, sample, sequencesOf, startCloud } from './device.test-support.js';
import { until } from './fake-cloud.test-support.js';

test('an upload whose answer is lost is sent again with the same identifiers', async (t) => {
  const cloud = await startCloud();
  let failures = 3;
  cloud.onUpload = (upload) => {
    if (failures-- <= 0) return;
    cloud.store(upload);
    throw new RenormError('CLOUD_FAILED', 'stored, and then no answer.');
  };
  const device = await open(cloud);
  t.teardown(() => cloud.drop());
  await predict(device, 0, 10);
  t.equal(await device.flush(), 0);
  t.same(
    sequencesOf(cloud),
    Array.from({ length: 10 }, (_, i) => i + 1),
  );
  t.equal(new Set(cloud.uploads.map(({ session }) => Buffer.from(session).toString('hex'))).size, 1, 'one session');
  t.equal(device.status().uploaded, 10, 'counted once');
  t.ok(cloud.uploads.length > 3);
  await device.close();
});

test('without budget samples wait in order, and leave when there is budget again', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud, { queue: { lingerMs: 60_000 } });
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  cloud.onUpload = () => {
    cloud.budgetLeft = 0;
  };
  await predict(device, 0, 4);
  await until('one batch', () => device.status().uploaded === 4);
  await predict(device, 4, 8);
  await new Promise((resolve) => setTimeout(resolve, 150));
  t.match(device.status(), { uploaded: 4, pending: 8, dropped: 0, connected: true });
  t.equal(cloud.uploads.length, 1, 'nothing is sent meanwhile');
  cloud.onUpload = () => undefined;
  cloud.budgetLeft = 0.5;
  await until('the rest', () => device.status().uploaded === 12);
  t.same(
    sequencesOf(cloud),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
});

test('a cloud that refuses an upload for its budget: samples wait', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors = record(device, 'error');
  let refusals = 2;
  cloud.onUpload = () => {
    if (refusals-- > 0) throw new RenormError('BUDGET_EXHAUSTED', 'the budget of lobby is used up.');
  };
  await predict(device, 0, 4);
  await until('uploaded', () => device.status().uploaded === 4);
  t.match(errors, [{ code: 'BUDGET_EXHAUSTED' }, { code: 'BUDGET_EXHAUSTED' }]);
  t.match(device.status(), { connected: true, dropped: 0 });
});

test('a sample that the cloud refuses is given up alone', async (t) => {
  const cloud = await startCloud();
  cloud.onUpload = ({ samples }) => {
    if (samples.some(({ sequence }) => sequence === 6))
      throw new RenormError('SAMPLE_INVALID', 'sequence 6 is not to my taste.');
  };
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors = record(device, 'error');
  await predict(device, 0, 12);
  t.equal(await device.flush(), 0);
  t.same(sequencesOf(cloud), [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]);
  t.match(device.status(), { uploaded: 11, dropped: 1, connected: true });
  t.match(errors, [{ code: 'SAMPLE_INVALID' }]);
});

test('more samples than may wait: the oldest go first, and are counted', async (t) => {
  const place = await startCloud();
  place.drop();
  const device = await open(place, { selection: 'everything', queue: { maxPending: 5, lingerMs: 20 } });
  t.teardown(() => device.close());
  await predict(device, 0, 12);
  await until('decided', () => device.status().selected === 12);
  t.match(device.status(), { pending: 5, dropped: 7 });
  await place.listen();
  t.teardown(() => place.drop());
  await until('uploaded', () => device.status().uploaded === 5);
  t.same(sequencesOf(place), [1, 2, 3, 4, 5]);
  t.same(
    [...place.samples.values()].map((sent) => sent.kind === 'tensor' && sent.tensor.data),
    [7, 8, 9, 10, 11].map(sample),
  );
});

test('a batch that is larger than the cloud takes is halved; a sample that alone is too large is given up and told once', async (t) => {
  const cloud = await startCloud();
  cloud.drop();
  cloud.maxMessageBytes = 500;
  cloud.maxSamples = 32;
  await cloud.listen();
  const noisy = (i: number): Float32Array => Float32Array.from({ length: 12 }, (_, k) => Math.fround((i + k) / 7.3));
  const device = await open(cloud, { samples: 'exact' });
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors = record(device, 'error');
  for (let i = 0; i < 30; i++) await device.infer(noisy(i));
  t.equal(await device.flush(), 0);
  t.match(device.status(), { uploaded: 30, dropped: 0, connected: true });
  t.same(errors, [], 'smaller batches are nobody’s concern');
  cloud.drop();
  // Announcements fit, a sample does not.
  cloud.maxMessageBytes = 150;
  await cloud.listen();
  await device.infer(noisy(1));
  t.equal(await device.flush(), 0);
  t.match(device.status(), { uploaded: 30, dropped: 1 });
  t.same(
    errors.map(({ code }) => code).filter((code) => code !== 'CLOUD_UNREACHABLE'),
    ['MESSAGE_TOO_LARGE'],
  );
});
