import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignedMessageSchema, toBinary } from '@renorm/protocol';
import { test } from 'tap';
import { open, startCloud } from './device.test-support.js';
import { deltaTo, KEY, NEXT_KEY, response, root, sign, snapshotOf } from './device-trust.test-support.js';
import { until } from './fake-cloud.test-support.js';
import { ZEROS } from './tiny-model.test-support.js';

test('a device that was restarted remembers how far it has been', async (t) => {
  const trustMemory = join(mkdtempSync(join(tmpdir(), 'renorm-memory-')), 'newest');
  const trust = toBinary(SignedMessageSchema, await root(1, KEY));
  const two = snapshotOf(2);
  const cloud = await startCloud();
  cloud.snapshots = false;
  t.teardown(() => cloud.drop());
  const before = await open(cloud, { trust, trustMemory });
  await until('it watches', () => cloud.watches === 1);
  cloud.respond(response(await sign(two)));
  await until('version 2', () => before.status().version === 2);
  await before.close();

  const after = await open(cloud, { trust, trustMemory });
  t.teardown(() => after.close());
  await until('it watches', () => cloud.watches === 2);
  const served: number[] = [];
  after.on('version', ({ number }) => served.push(number));
  cloud.respond(response(await sign(deltaTo(1).version)));
  cloud.respond(response(await sign(two)));
  await until('version 2', () => after.status().version === 2);
  t.same(served, [2], 'version 1 is a step on the way');

  writeFileSync(trustMemory, 'two');
  await t.rejects(open(cloud, { trust, trustMemory }), { code: 'CREDENTIALS_UNREADABLE' });
});

test('a device that was restarted remembers the newest root, whatever is held back', async (t) => {
  const trustMemory = join(mkdtempSync(join(tmpdir(), 'renorm-memory-')), 'trust');
  const trust = toBinary(SignedMessageSchema, await root(1, KEY));
  const cloud = await startCloud();
  cloud.roots = [await root(2, NEXT_KEY)];
  t.teardown(() => cloud.drop());
  const before = await open(cloud, { trust, trustMemory });
  await until('the root is followed', () => before.status().rootVersion === 2);
  await before.close();

  cloud.roots = [];
  const after = await open(cloud, { trust, trustMemory });
  t.teardown(() => after.close());
  t.equal(after.status().rootVersion, 2);
  await until('it watches', () => cloud.watches === 2);
  cloud.respond(response(await sign(snapshotOf(3))));
  await until('the revoked key is refused', () => after.status().lastError?.code === 'KEY_UNKNOWN');

  const other = { ...JSON.parse(readFileSync(trustMemory, 'utf8')), roots: [Buffer.from('x').toString('base64')] };
  writeFileSync(trustMemory, JSON.stringify(other));
  await t.rejects(open(cloud, { trust, trustMemory }), { code: 'CREDENTIALS_UNREADABLE' });
});

test('a memory that cannot be written is told, and the version is served all the same', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-memory-'));
  const cloud = await startCloud();
  const trust = toBinary(SignedMessageSchema, await root(1, KEY));
  const device = await open(cloud, { trust, trustMemory: join(folder, 'trust') });
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  const errors: string[] = [];
  device.on('error', ({ code }) => errors.push(code));
  await until('it watches', () => cloud.watches === 1);
  rmSync(folder, { recursive: true });
  cloud.respond(response(await sign(snapshotOf(2))));
  await until('version 2', () => device.status().version === 2);
  t.same(errors, ['DATA_NOT_WRITABLE']);
});

test('a cloud that began anew below a trust memory: the device says so, once, and what would end it', async (t) => {
  const trustMemory = join(mkdtempSync(join(tmpdir(), 'renorm-memory-')), 'trust');
  const trust = toBinary(SignedMessageSchema, await root(1, KEY));
  const cloud = await startCloud();
  cloud.snapshots = false;
  t.teardown(() => cloud.drop());
  const before = await open(cloud, { trust, trustMemory });
  await until('it watches', () => cloud.watches === 1);
  cloud.respond(response(await sign(snapshotOf(50))));
  await until('version 50', () => before.status().version === 50);
  await before.close();

  const after = await open(cloud, { trust, trustMemory });
  t.teardown(() => after.close());
  const errors: string[] = [];
  after.on('error', ({ message }) => errors.push(message));
  await until('told', () => errors.length > 0);
  t.match(errors, [/^VERSION_ROLLBACK: the cloud's newest version is 0, and this device has had version 50/]);
  t.match(after.status().health, [{ code: 'NOTHING_TAKEN', remedy: /--as 51/ }]);
  await until('it watches', () => cloud.watches === 2);
  cloud.endWatches();
  await until('it watches again', () => cloud.watches === 3);
  t.equal(errors.filter((error) => error.startsWith('VERSION_ROLLBACK')).length, 1, 'told once');
  cloud.respond(response(await sign(snapshotOf(51))));
  await until('version 51', () => after.status().version === 51);
  t.same(after.status().health, []);
});

test('a trust memory that a power failure damaged: the device opens, predicts and says that it starts again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-memory-'));
  const trust = toBinary(SignedMessageSchema, await root(1, KEY));
  for (const [name, content] of [
    ['empty', ''],
    ['zeros', '\0'.repeat(80)],
    ['cut', '{"newest":12,"ro'],
  ] as const) {
    const trustMemory = join(folder, name);
    writeFileSync(trustMemory, content);
    const device = await open('127.0.0.1:1', { trust, trustMemory });
    const errors: string[] = [];
    device.on('error', ({ code }) => errors.push(code));
    t.equal((await device.infer(ZEROS)).version, 0, name);
    await until('told', () => errors.length > 0);
    t.equal(errors[0], 'TRUST_MEMORY_LOST');
    t.match(device.status().health, [{ code: 'TRUST_MEMORY_LOST' }]);
    await device.close();
  }
});
