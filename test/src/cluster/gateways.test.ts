import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { rollBack, versionsOf } from '@renorm/cloud';
import { openDevice } from '@renorm/edge/node';
import { test } from 'tap';
import { repositoryPath, startCloudProcess } from '../support/cloud-process.js';
import { NatsServer, whyNoNats } from '../support/nats-server.js';
import { Relay } from '../support/relay.js';

const PIXELS = 28 * 28;
const edgeModel = repositoryPath('models/fashion-edge.onnx');

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2_400; i++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error(`waited two minutes for: ${what}`);
}

test('two gateways and a trainer on one NATS: a device that moves goes on, whoever is killed', {
  skip: whyNoNats ?? false,
}, async (t) => {
  const server = await new NatsServer().start();
  t.teardown(() => server.close());
  const store = `nats://${server.address}/shop`;
  const raw = gunzipSync(await readFile(repositoryPath('models/fashion-mnist/t10k-images-idx3-ubyte.gz')));
  const image = (index: number): Float32Array =>
    Float32Array.from({ length: PIXELS }, (_, i) => Math.round((raw[16 + index * PIXELS + i] ?? 0) * 0.5 + 100) / 255);
  const start = async (role: string) => {
    const started = await startCloudProcess(store, 0, ['--roles', role, '--strategy', 'cema', '--gate', 'none']);
    t.teardown(() => started.child.kill('SIGKILL'));
    return started;
  };
  const [first, second, trainer] = [await start('gateway'), await start('gateway'), await start('trainer')];
  const relay = await Relay.to(first.address);
  t.teardown(() => relay.close());
  const device = await openDevice({
    ...{ model: edgeModel, cloud: relay.address, cohort: 'lobby', id: 'cam-1', backoff: { maxMs: 200 } },
    selection: { policy: 'cema', unreliableEntropy: 10, uninformativeEntropy: 0, redundancyMargin: 2 },
  });
  t.teardown(() => device.close());
  let next = 0;
  const predict = async (count: number): Promise<void> => {
    for (const end = next + count; next < end; next++) await device.infer(image(next));
  };

  await predict(32);
  await until('a version, through the first gateway', () => device.status().version >= 1);
  relay.moveTo(second.address);
  await first.kill();
  const moved = device.status().version;
  await predict(32);
  await until('a later version, through the second', () => device.status().version > moved);

  await server.kill();
  await predict(32);
  await server.start();
  await until('samples that waited for the store', () => device.status().uploaded === 96);
  const waited = device.status().version;
  await predict(32);
  await until('a version of the trainer that waited for it too', () => device.status().version > waited);

  await trainer.kill();
  await until('the last samples with the gateway', () => device.status().uploaded === 128);
  const reached = device.status().version;
  await predict(32);
  await start('trainer');
  await until('a version of another trainer', () => device.status().version > reached);
  t.match(device.status(), { dropped: 0, uploaded: 160 }, 'each sample was acknowledged once');

  const kept = await versionsOf({ edgeModel, store, cohort: 'lobby' });
  t.same(
    kept.map(({ number }) => number),
    [...kept.keys()],
    'one chain from the model as exported to the newest',
  );
  const number = await rollBack({ edgeModel, store, cohort: 'lobby', to: 1 });
  await until('the version gone back to, without a stop of anything', () => device.status().version >= number);
});
