import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { rollBack, versionsOf } from '@renorm/cloud';
import { openDevice } from '@renorm/edge/node';
import { test } from 'tap';
import { repositoryPath, startCloudProcess } from './support/cloud-process.js';

const PIXELS = 28 * 28;
const edgeModel = repositoryPath('models/fashion-edge.onnx');
const foundationModel = repositoryPath('models/fashion-foundation.onnx');

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_400; i++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error(`waited two minutes for: ${what}`);
}

test('gateway and trainer are two processes on one folder, and either may be killed', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'renorm-roles-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const raw = gunzipSync(await readFile(repositoryPath('models/fashion-mnist/t10k-images-idx3-ubyte.gz')));
  const image = (index: number): Float32Array =>
    Float32Array.from({ length: PIXELS }, (_, i) => Math.round((raw[16 + index * PIXELS + i] ?? 0) * 0.5 + 100) / 255);
  const start = async (role: string, port = 0) => {
    // CEMA makes a version of every 32 samples, so that some are left to make after the trainer was killed.
    const strategy = ['--strategy', 'cema', '--gate', 'none'];
    const started = await startCloudProcess(data, port, ['--roles', role, ...strategy]);
    t.teardown(() => started.child.kill('SIGKILL'));
    return started;
  };

  const gateway = await start('gateway');
  const device = await openDevice({
    ...{ model: edgeModel, cloud: gateway.address, cohort: 'lobby', id: 'cam-1', backoff: { maxMs: 200 } },
    selection: { policy: 'cema', unreliableEntropy: 10, uninformativeEntropy: 0, redundancyMargin: 2 },
  });
  t.teardown(() => device.close());
  let next = 0;
  const predict = async (count: number): Promise<void> => {
    for (const end = next + count; next < end; next++) await device.infer(image(next));
  };

  await predict(32);
  await until('samples with the gateway, though nobody trains', () => device.status().uploaded === 32);
  t.equal(device.status().version, 0);

  const trainer = await start('trainer');
  await until('version 1, from the other process', () => device.status().version >= 1);
  await t.rejects(start('trainer'), { message: /DATA_IN_USE: .*trainer/ });

  await trainer.kill();
  const reached = device.status().version;
  await predict(64);
  await until('samples with the gateway, while the trainer is dead', () => device.status().uploaded === 96);
  t.equal(device.status().version, reached);
  const again = await start('trainer');
  await until('later versions, from the trainer that was started again', () => device.status().version >= reached + 2);

  await gateway.kill();
  await predict(32);
  await until('the device notices', () => !device.status().connected);
  await start('gateway', Number(gateway.address.split(':')[1]));
  await until('everything uploaded', () => device.status().uploaded === 128);
  const before = device.status().version;
  await predict(32);
  await until('a version after the gateway was started again', () => device.status().version > before);
  // Idle replay may have made that version before the last samples were sent.
  await until('the last samples with the gateway', () => device.status().uploaded >= 160);
  t.equal(device.status().dropped, 0);
  t.equal(device.status().uploaded, 160, 'each sample was acknowledged once');
  await again.kill();
  const versions = await versionsOf({ edgeModel, foundationModel, data, cohort: 'lobby' });
  t.same(
    versions.map(({ number }) => number),
    [...versions.keys()],
    'one chain from the model as exported to the newest',
  );
  const number = await rollBack({ edgeModel, foundationModel, data, cohort: 'lobby', to: 1 });
  t.equal(number, versions.length);
  await until('the version gone back to, through the gateway that went on', () => device.status().version === number);
});
