import { fork } from 'node:child_process';
import { once } from 'node:events';
import { RenormError } from '@renorm/protocol';
import { test } from 'tap';
import { open, predict, record, sequencesOf, startCloud } from './device.test-support.js';
import { killHard, until } from './fake-cloud.test-support.js';
import { marked, ZEROS } from './tiny-model.test-support.js';

test('no cloud: the device predicts, says since when and why, and connects when there is one', async (t) => {
  const place = await startCloud();
  place.drop();
  const before = Date.now();
  const device = await open(place);
  t.teardown(() => device.close());
  const errors = record(device, 'error');
  const lost = record(device, 'disconnected');
  await predict(device, 0, 20);
  await until('several attempts', () => lost.length > 0 && device.status().pending === 20);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const status = device.status();
  t.match(status, { connected: false, predictions: 20, pending: 20, lastError: { code: 'CLOUD_UNREACHABLE' } });
  t.match(status.lastError?.message, /127\.0\.0\.1:\d+ does not answer .*goes on predicting/);
  t.ok(status.connectionSince >= before && status.connectionSince <= Date.now());
  t.same([errors.length, lost.length], [1, 1], 'told once, not at every attempt');
  await place.listen();
  t.teardown(() => place.drop());
  await until('connected', () => device.status().connected);
  await until('uploaded', () => device.status().uploaded === 20);
  t.same(
    sequencesOf(place),
    Array.from({ length: 20 }, (_, i) => i + 1),
    'what waited arrives in order',
  );
});

test('another model than the cloud adapts: the device predicts on, and the error says what to do', async (t) => {
  const cloud = await startCloud();
  cloud.onAnnounce = () => {
    throw new RenormError('MODEL_UNKNOWN', 'the model ab12 is not adapted here.');
  };
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors = record(device, 'error');
  await until('refused', () => errors.length > 0);
  t.match(errors, [{ code: 'MODEL_UNKNOWN', message: /start both with the same ONNX file/ }]);
  t.match(errors[0]?.cause, { message: /ab12/ });
  await predict(device, 0, 3);
  await until('decided', () => device.status().pending === 3);
  t.match(device.status(), { connected: false, predictions: 3, pending: 3, lastError: { code: 'MODEL_UNKNOWN' } });
  cloud.onAnnounce = () => undefined;
  await until('taken in once the cloud has the right model', () => device.status().uploaded === 3);
});

test('a connection that is cut: what was in flight is sent again, and versions go on behind the one that is held', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const lost = record(device, 'disconnected');
  cloud.publish(marked(1));
  await until('version 1', () => device.status().version === 1);
  await predict(device, 0, 6);
  cloud.drop();
  await until('noticed', () => !device.status().connected);
  await predict(device, 6, 6);
  await cloud.listen();
  await until('everything', () => device.status().uploaded === 12);
  t.same(
    sequencesOf(cloud).sort((a, b) => a - b),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  t.equal(cloud.announcements.at(-1)?.running.number, 1, 'it announces the version that it has');
  cloud.publish(marked(2));
  await until('version 2', () => device.status().version === 2);
  cloud.drop();
  await until('told again', () => lost.length === 2);
  t.match(lost, [{ error: { code: 'CLOUD_UNREACHABLE' } }, { error: { code: 'CLOUD_UNREACHABLE' } }]);
});

test('a stream of versions that ends in good order is opened again', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  await until('connected', () => device.status().connected);
  cloud.publish(marked(1));
  await until('version 1', () => device.status().version === 1);
  cloud.endWatches();
  await until('noticed', () => !device.status().connected);
  cloud.publish(marked(2));
  await until('version 2', () => device.status().version === 2);
});

test('kill -9 of the cloud and its return on the same port', async (t) => {
  const start = async (port: number, versions: number) => {
    const child = fork(
      new URL('./fake-cloud-process.test-support.js', import.meta.url),
      [String(port), String(versions)],
      { execArgv: [] },
    );
    t.teardown(() => child.kill('SIGKILL'));
    const acknowledged = new Set<number>();
    child.on(
      'message',
      (message: { sequence?: number }) => message.sequence !== undefined && acknowledged.add(message.sequence),
    );
    const [{ port: listening }] = (await once(child, 'message')) as [{ port: number }];
    return { child, acknowledged, port: listening };
  };
  const first = await start(0, 2);
  const device = await open(`127.0.0.1:${first.port}`);
  t.teardown(() => device.close());
  await predict(device, 0, 10);
  await until('first uploads and versions', () => device.status().uploaded === 10 && device.status().version === 2);
  await killHard(first.child);
  await predict(device, 10, 10);
  await until('noticed', () => !device.status().connected);
  const second = await start(first.port, 3);
  await predict(device, 20, 10);
  await until('everything', () => device.status().uploaded === 30);
  await until('version 3', () => device.status().version === 3);
  const all = new Set([...first.acknowledged, ...second.acknowledged]);
  t.equal(all.size, 30, 'every sample reached one cloud or the other');
  t.match(device.status(), { connected: true, predictions: 30, dropped: 0, pending: 0 });
});

test('a cloud with another history: its snapshot is taken', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(() => device.close());
  for (let n = 1; n <= 5; n++) cloud.publish(marked(n));
  await until('version 5', () => device.status().version === 5);
  cloud.drop();
  await until('noticed', () => !device.status().connected);
  const other = await startCloud(cloud.port);
  t.teardown(() => other.drop());
  other.publish(marked(-1));
  await until('version 1 of the other', () => device.status().version === 1);
  t.equal((await device.infer(ZEROS)).label, 1, 'computed by its parameters');
});

test('a cloud with another history that sends deltas only: the device starts over from version 0', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud);
  t.teardown(() => device.close());
  const errors = record(device, 'error');
  cloud.publish(marked(1));
  await until('version 1', () => device.status().version === 1);
  cloud.drop();
  await until('noticed', () => !device.status().connected);
  const other = await startCloud(cloud.port);
  t.teardown(() => other.drop());
  other.snapshots = false;
  for (let n = 1; n <= 3; n++) other.publish(marked(-n));
  await until('version 3 of the other', () => device.status().version === 3);
  t.ok(
    errors.some(({ message }) => /version 2 is a delta of version 1, version 1 is held/.test(message)),
    'the wrong delta was refused',
  );
  t.equal((await device.infer(ZEROS)).label, 1, 'computed by the parameters of the other');
});
