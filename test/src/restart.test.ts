import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { type Device, openDevice } from '@renorm/edge/node';
import { test } from 'tap';
import { repositoryPath, startCloudProcess } from './support/cloud-process.js';

const PIXELS = 28 * 28;

/** Test images under a haze, so that they are worth uploading. */
async function foggyImages(): Promise<(index: number) => Float32Array> {
  const raw = gunzipSync(await readFile(repositoryPath('models/fashion-mnist/t10k-images-idx3-ubyte.gz')));
  return (index) =>
    Float32Array.from({ length: PIXELS }, (_, i) =>
      Math.fround(Math.round((raw[16 + index * PIXELS + i] ?? 0) * 0.5 + 100) / 255),
    );
}

async function until(what: string, condition: () => boolean, seconds = 90): Promise<void> {
  for (let i = 0; i < seconds * 20; i++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error(`waited ${seconds} s for: ${what}`);
}

async function predict(
  device: Device,
  image: (index: number) => Float32Array,
  from: number,
  count: number,
): Promise<void> {
  for (let i = from; i < from + count; i++) {
    await device.infer(image(i));
    if (i % 8 === 0) await sleep(5);
  }
}

test('kill -9 the cloud in mid-run: it goes on from its last version, the device reconnects, nothing acknowledged is lost', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'renorm-restart-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const image = await foggyImages();
  const first = await startCloudProcess(data);
  t.teardown(() => first.child.kill('SIGKILL'));
  // Every sample is uploaded, so that the test does not depend on how sure the model is.
  const keepAll = { policy: 'cema', unreliableEntropy: 10, uninformativeEntropy: 0, redundancyMargin: 2 } as const;
  const device = await openDevice({
    model: repositoryPath('models/fashion-edge.onnx'),
    cloud: first.address,
    cohort: 'restart',
    id: 'device-1',
    selection: keepAll,
  });
  t.teardown(() => device.close());

  await predict(device, image, 0, 96);
  await until('a version published and taken', () => device.status().version >= 1);
  await first.kill();
  const before = device.status();
  t.ok(before.version >= 1, 'the device had taken a version');

  await predict(device, image, 96, 40);
  t.equal(device.status().predictions, 136, 'the device predicts without the cloud');
  await until('the device notices', () => !device.status().connected);

  const second = await startCloudProcess(data, Number(first.address.split(':')[1]));
  t.teardown(() => second.child.kill('SIGKILL'));
  await predict(device, image, 136, 64);
  await until('the device reconnects', () => device.status().connected);
  await until('everything is uploaded', () => device.status().uploaded === 200);
  await until('a later version', () => device.status().version > before.version);
  t.equal(device.status().dropped, 0, 'no sample was dropped on the way');
  t.equal(device.status().uploaded, 200, 'each sample was acknowledged once');
});
