import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRoot, SignedMessageSchema, toBinary, webEd25519 } from '@renorm/protocol';
import { test } from 'tap';
import type { Trust } from '../core/platform.js';
import type { SelectionPolicy } from '../core/selection-policy.js';
import { encodePlain } from '../core/state/plain.js';
import { provenVersion } from '../core/state/proven.js';
import { identityRecord } from '../core/state/records.js';
import { open, predict, record, sequencesOf, startCloud } from './device.test-support.js';
import { exported, KEY, modelDigest, NEXT_KEY, response, root, sign, snapshotOf } from './device-trust.test-support.js';
import { until } from './fake-cloud.test-support.js';
import { openLevelStore } from './level-store.js';
import { marked, ZEROS } from './tiny-model.test-support.js';

const NOWHERE = '127.0.0.1:1';
const fresh = (): string => join(mkdtempSync(join(tmpdir(), 'renorm-state-')), 'state');

/** A record of a device that is closed. */
async function recordOf(state: string, key: string): Promise<Uint8Array | undefined> {
  const { store } = await openLevelStore(state);
  const value = await store.get(key);
  await store.close();
  return value;
}

async function put(state: string, key: string, value: Uint8Array | undefined): Promise<void> {
  const { store } = await openLevelStore(state);
  await store.write([{ key, value }]);
  await store.close();
}

test('a device that was restarted without a cloud predicts with the version that was in force', async (t) => {
  const state = fresh();
  const cloud = await startCloud();
  const before = await open(cloud, { state });
  await until('connected', () => before.status().connected);
  cloud.publish(marked(3));
  cloud.publish(marked(5));
  await until('version 2', () => before.status().version === 2);
  await before.close();
  cloud.drop();
  const after = await open(NOWHERE, { state });
  t.equal(after.status().version, 2);
  const { version, label, probabilities } = await after.infer(ZEROS);
  t.same([version, label], [2, 0]);
  t.ok((probabilities[0] as number) > 0.99, 'logits 5, -5, 0');
  await after.close();
  const third = await open(cloud, { state });
  t.teardown(() => third.close());
  await cloud.listen();
  t.teardown(() => cloud.drop());
  cloud.publish(marked(7));
  await until('version 3', () => third.status().version === 3);
  t.equal(cloud.announcements.at(-1)?.running.number, 2, 'the next delta builds on it');
});

test('with trust, what was in force has to be what was signed, by whom the root names now', async (t) => {
  const state = fresh();
  const trust = toBinary(SignedMessageSchema, await root(1, KEY));
  const cloud = await startCloud();
  cloud.snapshots = false;
  t.teardown(() => cloud.drop());
  const before = await open(cloud, { state, trust });
  await until('it watches', () => cloud.watches === 1);
  cloud.respond(response(await sign(snapshotOf(4), { expiresAtMs: Date.now() + 60_000 })));
  await until('version 4', () => before.status().version === 4);
  await before.close();

  const after = await open(NOWHERE, { state, trust });
  t.equal((await after.infer(ZEROS)).version, 4);
  await after.close();
  const version = await recordOf(state, 'version');
  cloud.roots = [await root(2, NEXT_KEY)];
  const told = await open(cloud, { state, trust });
  await until('the root is followed', () => told.status().rootVersion === 2);
  await until('what it revokes is undone', () => told.status().version === 0);
  await told.close();
  await put(state, 'version', version);

  const revoked = await open(NOWHERE, { state, trust });
  t.teardown(() => revoked.close());
  const errors = record(revoked, 'error');
  t.equal((await revoked.infer(ZEROS)).version, 0, 'nobody whom root 2 names vouches for it');
  await until('told', () => errors.length > 0);
  t.equal(errors[0]?.code, 'KEY_UNKNOWN');
  t.equal(revoked.status().rootVersion, 2, 'the root is remembered without a file of its own');
});

test('what was in force has to be what was signed, for this model and cohort, and no older than what the device had', async (t) => {
  const signed = await sign(snapshotOf(4));
  const named = await openRoot(webEd25519, await root(1, KEY));
  const identity = { cohort: 'lobby', modelDigest };
  const trusting = (newest: number): Trust => ({
    ...{ ed25519: webEd25519, root: named, recalled: { newest, vouchedBy: [], roots: [] } },
  });
  const kept = { snapshot: snapshotOf(4), proof: signed };
  t.match(await provenVersion(kept, exported, identity, trusting(4)), { number: 4, proof: signed });
  const refused = (changes: object, code: string, newest = 4, place: object = {}): Promise<unknown> =>
    t.rejects(provenVersion({ ...kept, ...changes }, exported, { ...identity, ...place }, trusting(newest)), { code });
  await refused({ snapshot: snapshotOf(5) }, 'VERSION_MISMATCH');
  await refused({ snapshot: { ...snapshotOf(4), number: 5n } }, 'VERSION_MISMATCH');
  await refused({ snapshot: { ...snapshotOf(4), digest: new Uint8Array(32) } }, 'VERSION_DIGEST');
  await refused({ proof: await sign(snapshotOf(4), {}, NEXT_KEY) }, 'KEY_UNKNOWN');
  await refused({ proof: undefined }, 'SIGNATURE_MISSING');
  await refused({}, 'VERSION_ROLLBACK', 5);
  await refused({}, 'VERSION_MISMATCH', 4, { cohort: 'cellar' });
  await refused({}, 'VERSION_MISMATCH', 4, { modelDigest: new Uint8Array(32) });
  const untrusted = await provenVersion({ snapshot: snapshotOf(9) }, exported, identity, undefined);
  t.equal(untrusted.number, 9, 'without trust anybody is believed');
});

test('samples that wait are sent after a restart, once, those that were sent before under their sequences', async (t) => {
  const state = fresh();
  const cloud = await startCloud();
  let isDown = false;
  cloud.onUpload = (upload) => {
    if (!isDown) return;
    cloud.store(upload);
    // Stored, and then the cloud goes, and with it the answer.
    cloud.drop();
    throw new Error('gone');
  };
  const before = await open(cloud, { state });
  await predict(before, 0, 4);
  await until('a batch', () => before.status().uploaded === 4);
  isDown = true;
  await predict(before, 4, 9);
  await until('decided, and sent once', () => before.status().selected === 13 && !before.status().connected);
  t.equal(before.status().pending, 9);
  await before.close();
  isDown = false;

  const after = await open(cloud, { state });
  t.equal(after.status().pending, 9, 'before any cloud is there');
  await predict(after, 13, 1);
  await cloud.listen();
  t.teardown(() => cloud.drop());
  await until('the rest', () => after.status().uploaded === 10);
  t.same(
    sequencesOf(cloud),
    Array.from({ length: 14 }, (_, i) => i + 1),
    'one session, no sequence twice',
  );
  t.equal(
    new Set([...cloud.samples.values()].map((each) => each.kind === 'tensor' && String(each.tensor.data))).size,
    14,
  );
  await after.close();
  const { store } = await openLevelStore(state);
  t.same(await store.list('sample/'), [], 'nothing is left of what the cloud has');
  t.same(await store.list('data/'), []);
  await store.close();
});

test('the selection goes on where it was; a sample that was damaged is given up alone; a folder is of one device', async (t) => {
  const state = fresh();
  const seen: number[] = [];
  const selection: SelectionPolicy<number> = {
    name: 'counting',
    initial: () => 0,
    decide(count) {
      seen.push(count);
      return { state: count + 1, upload: {}, reason: 'counted' };
    },
  };
  const before = await open(NOWHERE, { state, selection });
  await t.rejects(open(NOWHERE, { state }), { code: 'DATA_IN_USE', message: /give each its own/ });
  await predict(before, 0, 3);
  await until('selected', () => before.status().pending === 3);
  await before.close();
  await put(state, 'data/00000000000002', undefined);
  const cloud = await startCloud();
  t.teardown(() => cloud.drop());
  const after = await open(cloud, { state, selection });
  const errors = record(after, 'error');
  await predict(after, 3, 2);
  await until('the others', () => after.status().uploaded === 4);
  await until('given up', () => after.status().dropped === 1);
  t.match(errors, [{ code: 'SAMPLE_INVALID' }]);
  t.same(seen, [0, 1, 2, 3, 4]);
  await after.close();
});

test('a folder of another cohort begins anew, and says so', async (t) => {
  const state = fresh();
  const { store } = await openLevelStore(state);
  const sample = { kind: 'fair', score: 0, ticket: 1, sequence: 0, bytes: 4, date: Date.now() };
  await store.write([
    { key: 'identity', value: identityRecord({ cohort: 'cellar', modelDigest }) },
    { key: 'sample/00000000000001', value: encodePlain(sample) },
    { key: 'data/00000000000001', value: new Uint8Array(4) },
  ]);
  await store.close();
  const device = await open(NOWHERE, { state });
  const errors = record(device, 'error');
  t.equal(device.status().pending, 0);
  await until('told', () => errors.length > 0);
  t.match(errors[0], { code: 'STATE_LOST', message: /another model or another cohort/ });
  t.match(device.status().health, [{ code: 'STATE_LOST' }]);
  await device.close();
  t.equal(await recordOf(state, 'data/00000000000001'), undefined);
  t.same(await recordOf(state, 'identity'), identityRecord({ cohort: 'lobby', modelDigest }));
});

test('a budget of bytes is kept to, over a restart too', async (t) => {
  const state = fresh();
  const cloud = await startCloud();
  t.teardown(() => cloud.drop());
  const budget = { bytesPerHour: 10_000 };
  const noise = (i: number): Float32Array => Float32Array.from({ length: 12 }, (_, k) => Math.sin(i * 12.9898 + k));
  const before = await open(cloud, { state, budget, samples: 'exact', selection: 'everything' });
  for (let i = 0; i < 200; i++) await before.infer(noise(i));
  await until('as much as may be', () => before.status().uploaded > 20);
  await before.flush(500);
  const { bytesUp, bytesDown, pending } = before.status();
  t.ok(bytesUp + bytesDown <= 10_000, `${bytesUp + bytesDown} bytes`);
  t.ok(bytesUp + bytesDown >= 6000 && pending > 0, 'and nearly all of it');
  await before.close();
  const after = await open(cloud, { state, budget });
  t.teardown(() => after.close());
  await after.flush(500);
  const status = after.status();
  t.ok(status.bytesUp + status.bytesDown + bytesUp + bytesDown <= 10_000, 'both runs together');
  t.ok(status.pending > 0);
});
