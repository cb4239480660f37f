import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'tap';
import { startCloud } from './cloud.js';
import { hazyImages, modelPath } from './committed-models.test-support.js';
import type { CloudEvent } from './events.js';
import { RawClient } from './raw-client.test-support.js';
import { smallDisk } from './store/small-disk.test-support.js';

const disk = smallDisk(16 * 2 ** 20);
const skip = disk === undefined ? 'needs root: a small file system is mounted' : false;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_200; i++) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error('waited a minute in vain');
}

test('a full disk pauses uploads and training, is told once, and both go on by themselves when there is room', {
  skip,
}, async (t) => {
  const path = disk?.path ?? '';
  const events: CloudEvent[] = [];
  const cloud = await startCloud({
    ...{ edgeModel: modelPath('fashion-edge.onnx'), foundationModel: modelPath('fashion-edge.onnx') },
    ...{ data: join(path, 'state'), port: 0, threads: 1 },
    onEvent: (event) => events.push(event),
  });
  const client = new RawClient(cloud.address, 'lobby');
  t.teardown(async () => {
    client.close();
    await cloud.close();
    disk?.remove();
  });
  const told = (kind: CloudEvent['kind']): number => events.filter((event) => event.kind === kind).length;
  await client.upload(hazyImages(0, 16), 1);
  const ballast = join(path, 'ballast');
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(ballast, new Uint8Array(bavail * bsize - 64 * 1024));
  for (let i = 0; i < 3; i++)
    await t.rejects(client.upload(hazyImages(16, 32), 17), { code: 14, details: /^DISK_FULL: .*Free some space/ });
  await until(() => told('paused') > 0);
  t.match(await cloud.status(), [{ received: 16, trained: 0, paused: true }]);
  const steps = told('step');
  await sleep(1_500);
  t.equal(told('step'), steps, 'no step is made that could not be kept');
  rmSync(ballast);
  await until(() => told('resumed') > 0);
  const { acknowledgedSequence } = await client.upload(hazyImages(16, 32), 17);
  t.equal(acknowledgedSequence, 48n);
  await until(async () => (await cloud.status())[0]?.version === 1);
  t.match(await cloud.status(), [{ received: 48, paused: false }]);
  t.equal(told('paused'), 1);
  t.equal(told('resumed'), 1);
  t.equal(told('failed'), 0);
});
