import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  create,
  digestBytes,
  webEd25519 as ed,
  encodeDelta,
  encodeSnapshot,
  exportedVersion,
  type Root,
  type SignedMessage,
  SignedMessageSchema,
  signRollback,
  signRoot,
  signVersion,
  toBinary,
  type Version,
  WatchResponseSchema,
} from '@renorm/protocol';
import { type Test, test } from 'tap';
import { open, startCloud } from './device.test-support.js';
import { until } from './fake-cloud.test-support.js';
import { marked, TINY_MODEL, tinyParameters, ZEROS } from './tiny-model.test-support.js';

const [ROOT_KEY, KEY, NEXT_KEY] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const modelDigest = digestBytes(TINY_MODEL);
const exported = exportedVersion(tinyParameters());
const LATER = 4e12;
const response = (signedVersion: SignedMessage, rollback?: SignedMessage) =>
  create(WatchResponseSchema, { signedVersion, ...(rollback && { rollback }) });

async function root(version: number, secret: Uint8Array): Promise<SignedMessage> {
  const role = async (key: Uint8Array) => ({ keys: [await ed.publicKeyOf(key)], threshold: 1 });
  const named: Root = { version, expiresAtMs: LATER, root: await role(ROOT_KEY), signing: await role(secret) };
  return signRoot(ed, named, [ROOT_KEY]);
}

const sign = (version: Version, changes: { cohort?: string; expiresAtMs?: number } = {}, secret = KEY) =>
  signVersion(
    ed,
    version,
    { modelDigest, cohort: 'lobby', parentDigest: exported.digest, expiresAtMs: LATER, ...changes },
    [secret],
  );

async function trusting(t: Test, roots: SignedMessage[] = []) {
  const cloud = await startCloud();
  cloud.roots = roots;
  cloud.snapshots = false;
  const device = await open(cloud, { trust: toBinary(SignedMessageSchema, await root(1, KEY)) });
  t.teardown(async () => {
    await device.close();
    cloud.drop();
  });
  await until('it watches', () => cloud.watches === 1);
  return { cloud, device };
}

const deltaTo = (value: number, number = 1) => encodeDelta(exported, marked(value), { number, publishedAtMs: 1 });

/** A version whose number is its mark. */
const snapshotOf = (value: number): Version => encodeSnapshot(deltaTo(value, value).decoded);

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
