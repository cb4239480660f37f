import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { startCloud } from '@renorm/cloud';
import { openDevice } from '@renorm/edge/node';
import { test } from 'tap';
import { repositoryPath } from './support/cloud-process.js';
import { start } from './support/processes.js';

const PIXELS = 28 * 28;
const models = {
  edgeModel: repositoryPath('models/fashion-edge.onnx'),
  foundationModel: repositoryPath('models/fashion-foundation.onnx'),
};

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1800; i++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error(`waited 90 s for: ${what}`);
}

test('renorm rollback: the devices go back, and learning goes on', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'renorm-rollback-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const raw = gunzipSync(await readFile(repositoryPath('models/fashion-mnist/t10k-images-idx3-ubyte.gz')));
  const image = (index: number): Float32Array =>
    Float32Array.from({ length: PIXELS }, (_, i) => Math.round((raw[16 + index * PIXELS + i] ?? 0) * 0.5 + 100) / 255);

  const first = await startCloud({ ...models, strategy: 'cema', data, port: 0, adaptation: { idleReplaySteps: 0 } });
  const device = await openDevice({
    ...{ model: models.edgeModel, cloud: first.address, cohort: 'lobby', id: 'cam-1', backoff: { maxMs: 200 } },
    selection: { policy: 'cema', unreliableEntropy: 10, uninformativeEntropy: 0, redundancyMargin: 2 },
  });
  t.teardown(() => device.close());
  const learn = async (from: number, count: number): Promise<void> => {
    for (let i = from; i < from + count; i++) await device.infer(image(i));
    await device.flush();
  };
  await learn(0, 32);
  await until('version 1', () => device.status().version === 1);
  const { probabilities } = await device.infer(image(500));
  await learn(32, 64);
  await until('version 3', () => device.status().version === 3);
  t.notSame((await device.infer(image(500))).probabilities, probabilities);
  await first.close();

  const run = (...more: string[]) =>
    start('packages/cli/dist/main.js', [
      ...['rollback', '--edge-model', models.edgeModel, '--foundation-model', models.foundationModel],
      ...['--data', data, '--cohort', 'lobby', ...more],
    ]).outcome;
  const listed = await run();
  t.match(listed.stdout, /^ +0 +as exported\n +1 +\d{4}-\d\d-\d\dT[\d:]+Z +[\d.]+ k?B/m, listed.stderr);
  const done = await run('--to', '1');
  t.match(done.stdout, /Version 1 of lobby is published again, as version 4/, done.stderr);
  const unknown = await run('--to', '9');
  t.equal(unknown.code, 1);
  t.match(unknown.stderr, /^REQUEST_INVALID: version 9 of cohort lobby cannot be had: kept are 0 and 1 to 4/);

  const port = Number(first.address.split(':')[1]);
  const second = await startCloud({ ...models, strategy: 'cema', data, port, adaptation: { idleReplaySteps: 0 } });
  t.teardown(() => second.close());
  await until('version 4', () => device.status().version === 4);
  t.same((await device.infer(image(500))).probabilities, probabilities, 'it predicts as version 1 did, to the bit');
  await learn(96, 32);
  await until('a version that was learnt', () => device.status().version >= 5);
});
