import type { Version } from '@renorm/protocol';
import { test } from 'tap';
import { open, record, startCloud } from './device.test-support.js';
import { until } from './fake-cloud.test-support.js';
import { marked, tinyParameters, ZEROS } from './tiny-model.test-support.js';

test('a new version is taken: events, status and predictions say so', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const versions = record(device, 'version');
  await until('connected', () => device.status().connected);
  cloud.publish(marked(2));
  await until('version 1', () => device.status().version === 1);
  const { label, version, probabilities } = await device.infer(ZEROS);
  t.same([label, version], [0, 1]);
  t.ok(
    Math.abs((probabilities[0] as number) - Math.exp(2) / (Math.exp(2) + Math.exp(-2) + 1)) < 1e-4,
    'computed by the parameters of version 1',
  );
  t.match(versions, [{ number: 1, previous: 0 }]);
});

test('a device that was away catches up: every delta is decoded, only the newest is loaded', async (t) => {
  const cloud = await startCloud();
  for (let n = 1; n <= 40; n++) cloud.publish(marked(n / 8));
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const versions = record(device, 'version');
  await until('version 40', () => device.status().version === 40);
  t.match(versions, [{ number: 40, previous: 0 }]);
});

test('versions that come faster than sessions are built: the last one wins', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  await until('connected', () => device.status().connected);
  for (let n = 1; n <= 100; n++) cloud.publish(marked(n / 16));
  await until('version 100', () => device.status().version === 100);
  t.equal((await device.infer(ZEROS)).version, 100);
});

test('a damaged version is refused and named; the device goes on with what it has, and comes to a good one', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors = record(device, 'error');
  cloud.publish(marked(1));
  await until('version 1', () => device.status().version === 1);
  cloud.publish(marked(2), (version: Version) => ({ ...version, digest: new Uint8Array(32) }));
  await until('refused', () => errors.length > 0);
  t.match(errors[0], { code: 'VERSION_DIGEST', message: /version 2 decodes to the digest/ });
  t.equal((await device.infer(ZEROS)).version, 1, 'predictions go on');
  t.equal(device.status().lastError?.code, 'VERSION_DIGEST');
  // The true version 2 is in the cloud's history: the device starts over from version 0 and gets there.
  await until('version 2', () => device.status().version === 2);
});

test('a version that decodes and cannot be loaded is refused; the next one is taken', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors = record(device, 'error');
  await until('connected', () => device.status().connected);
  cloud.publish(
    new Map(
      [...tinyParameters()].map(([name, values]) => [name, name.endsWith('/variance') ? values.map(() => -9) : values]),
    ),
  );
  await until('refused', () => errors.length > 0);
  t.match(errors[0], { code: 'VERSION_REFUSED', message: /version 1 cannot be loaded/ });
  t.equal((await device.infer(ZEROS)).version, 0);
  cloud.publish(marked(2));
  await until('version 2', () => device.status().version === 2);
});

test('a version that says one class of what was predicted for sure does not serve, and the next is tried', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors = record(device, 'error');
  await until('connected', () => device.status().connected);
  const sure = (label: number): Float32Array =>
    Float32Array.from({ length: 12 }, (_, k) => (Math.floor(k / 4) === label ? 9 : 0));
  for (let i = 0; i < 12; i++) t.equal((await device.infer(sure(i % 3))).label, i % 3);
  cloud.publish(marked(100));
  await until('refused', () => errors.length > 0);
  t.match(errors[0], { code: 'VERSION_UNFIT', message: /version 1 .* says class 0 of all of 12 samples/ });
  t.match(device.status(), { version: 0, health: [{ code: 'VERSION_UNFIT' }] });
  t.equal((await device.infer(sure(2))).label, 2);
  cloud.publish(marked(1));
  await until('version 2', () => device.status().version === 2);
  t.same(device.status().health, []);
});
