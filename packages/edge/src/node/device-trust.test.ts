import { create, webEd25519 as ed, signRollback, WatchResponseSchema } from '@renorm/protocol';
import { test } from 'tap';
import { open, startCloud } from './device.test-support.js';
import {
  deltaTo,
  KEY,
  LATER,
  modelDigest,
  NEXT_KEY,
  response,
  root,
  sign,
  snapshotOf,
  trusting,
} from './device-trust.test-support.js';
import { until } from './fake-cloud.test-support.js';
import { ZEROS } from './tiny-model.test-support.js';

test('a device with trust takes signed versions', async (t) => {
  const { cloud, device } = await trusting(t);
  cloud.respond(response(await sign(deltaTo(2).version)));
  await until('version 1', () => device.status().version === 1);
  t.equal(device.status().rootVersion, 1);
});

test('each refusal has its name, and the version before goes on', async (t) => {
  const { cloud, device } = await trusting(t);
  const { version } = deltaTo(2);
  const cases: [string, ReturnType<typeof response>][] = [
    ['SIGNATURE_MISSING', create(WatchResponseSchema, { version })],
    ['KEY_UNKNOWN', response(await sign(version, {}, NEXT_KEY))],
    ['VERSION_EXPIRED', response(await sign(version, { expiresAtMs: 1 }))],
    ['VERSION_MISMATCH', response(await sign(version, { cohort: 'cellar' }))],
    ['VERSION_DIGEST', response(await sign({ ...version, digest: new Uint8Array(32) }))],
  ];
  for (const [code, message] of cases) {
    const before = cloud.watches;
    cloud.respond(message);
    await until(code, () => device.status().lastError?.code === code && cloud.watches > before);
    t.equal(device.status().version, 0, code);
  }
  cloud.respond(response(await sign(version)));
  await until('version 1', () => device.status().version === 1);
});

test('the way back is closed without a signed rollback', async (t) => {
  const { cloud, device } = await trusting(t);
  const two = snapshotOf(2);
  const one = snapshotOf(1);
  cloud.respond(response(await sign(two)));
  await until('version 2', () => device.status().version === 2);
  cloud.respond(response(await sign(one)));
  await until('the refusal', () => device.status().lastError?.code === 'VERSION_ROLLBACK');
  await until('it watches again', () => cloud.watches === 2);
  t.equal(device.status().version, 2);
  const statement = {
    modelDigest,
    cohort: 'lobby',
    fromNumber: 2,
    to: { number: 1, digest: one.digest },
    expiresAtMs: LATER,
  };
  cloud.respond(response(await sign(one), await signRollback(ed, statement, [KEY])));
  await until('version 1', () => device.status().version === 1);
});

test('after a version that did not decode, what led to the newest is never served again', async (t) => {
  const { cloud, device } = await trusting(t);
  const two = snapshotOf(2);
  cloud.respond(response(await sign(two)));
  await until('version 2', () => device.status().version === 2);
  cloud.respond(response(await sign({ ...deltaTo(3).version, number: 3n })));
  await until('the refusal', () => device.status().lastError?.code === 'VERSION_MISMATCH');
  await until('it watches again', () => cloud.watches === 2);
  const three = snapshotOf(3);
  const served: number[] = [];
  device.on('version', ({ number }) => served.push(number));
  cloud.respond(response(await sign(deltaTo(1).version)));
  cloud.respond(response(await sign(three)));
  await until('version 3', () => device.status().version === 3);
  t.same(served, [3]);
});

test('a new signing key reaches the device through a new root', async (t) => {
  const { cloud, device } = await trusting(t, [await root(2, NEXT_KEY)]);
  t.equal(device.status().rootVersion, 2);
  cloud.respond(response(await sign(deltaTo(2).version, {}, NEXT_KEY)));
  await until('version 1', () => device.status().version === 1);
});

test('a stream that says the same for ever is ended', async (t) => {
  const { cloud, device } = await trusting(t);
  const signed = await sign(deltaTo(2).version);
  for (let i = 0; i < 30; i++) cloud.respond(response(signed));
  await until('the refusal', () => device.status().lastError?.code === 'STREAM_ENDLESS');
  await until('version 1', () => device.status().version === 1);
});

test('a message above the limit ends the stream by name', async (t) => {
  const cloud = await startCloud();
  const device = await open(cloud, { transport: { maxMessageBytes: 500 } });
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  await until('it watches', () => cloud.watches === 1);
  cloud.respond(response({ ...(await sign(deltaTo(2).version)), message: new Uint8Array(1000) }));
  await until('the refusal', () => device.status().lastError?.code === 'MESSAGE_TOO_LARGE');
  t.equal(device.status().version, 0);
});

test('a file that is no root is named', async (t) => {
  await t.rejects(open('localhost:1', { trust: '/nowhere/root' }), {
    code: 'CREDENTIALS_UNREADABLE',
    message: /nowhere/,
  });
});

test('a device tells when what it holds has expired and nobody has signed it anew, and goes on', async (t) => {
  const { cloud, device } = await trusting(t);
  const errors: string[] = [];
  device.on('error', ({ message }) => errors.push(message));
  cloud.respond(response(await sign(snapshotOf(2), { expiresAtMs: Date.now() + 1_500 })));
  await until('version 2', () => device.status().version === 2);
  await until('it is told', () => errors.length > 0);
  t.match(errors, [/^VERSION_EXPIRED: .*no cloud has signed anything since/]);
  t.match(await device.infer(ZEROS), { version: 2 });
  t.equal(device.status().connected, true);
});

test('a stolen key cannot use the numbers up, and replacing it undoes how far it came', async (t) => {
  const { cloud, device } = await trusting(t);
  for (const number of [2 ** 53 - 1, 2 ** 53 - 2 ** 32]) {
    const before = cloud.watches;
    cloud.respond(response(await sign(snapshotOf(number))));
    await until('the refusal', () => device.status().lastError?.code === 'VERSION_NUMBER' && cloud.watches > before);
  }
  t.equal(device.status().version, 0);
  const stolen = 2 ** 52;
  cloud.respond(response(await sign(snapshotOf(stolen))));
  await until('the thief’s version', () => device.status().version === stolen);
  const watches = cloud.watches;
  cloud.respond(response(await sign(snapshotOf(2))));
  await until('the refusal', () => device.status().lastError?.code === 'VERSION_ROLLBACK' && cloud.watches > watches);

  cloud.roots = [await root(2, NEXT_KEY)];
  cloud.endWatches();
  await until('the new root', () => device.status().rootVersion === 2 && cloud.watches > watches + 1);
  cloud.respond(response(await sign(snapshotOf(2), {}, NEXT_KEY)));
  await until('the version of the new key', () => device.status().version === 2);
});
