import { setTimeout as sleep } from 'node:timers/promises';
import { digestBytes, toHex } from '@renorm/protocol';
import { test } from 'tap';
import { type StoreHooks, type StoreUnderTest, storeFaults, WRITES } from './contract-faults.test-support.js';
import { type Change, type NewHead, SOURCES_REMEMBERED, UNNAMED_KEPT_MS } from './store.js';
import { visible } from './visible.test-support.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const entry = (sequence: number) => ({ sequence, bytes: bytes(sequence, 7) });
const named = (digest: string, ...values: number[]): NewHead => ({ bytes: bytes(...values), blobs: [digest] });
const digestOf = (...values: number[]): string => toHex(digestBytes(bytes(...values)));

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_200 && !condition(); i++) await sleep(25);
  if (!condition()) throw new Error(`waited in vain for ${what}`);
}

/** The tests that every driver passes. @param open a new store each time */
export function storeContract(driver: string, open: (hooks: StoreHooks) => Promise<StoreUnderTest>): void {
  const plain = (): Promise<StoreUnderTest> => open({ beforeWrite: () => undefined, now: Date.now });

  test(`${driver}: entries keep their order and their positions`, async (t) => {
    const { store, other, close } = await plain();
    t.teardown(close);
    t.same(await store.cohorts(), []);
    t.equal(await store.log('lobby').end(), 0);
    t.same(await store.log('lobby').append('a', [entry(1), entry(2)]), { acknowledged: 2, duplicates: 0, end: 2 });
    t.same(await store.log('lobby').append('b', [entry(9)]), { acknowledged: 9, duplicates: 0, end: 3 });
    t.same(await store.log('cellar').append('a', [entry(5)]), { acknowledged: 5, duplicates: 0, end: 1 });
    for (const each of [store, other]) {
      t.equal(await each.log('lobby').end(), 3);
      const read = await each.log('lobby').read([2, 0, 7, 1]);
      t.same(read, [bytes(9, 7), bytes(1, 7), undefined, bytes(2, 7)]);
      t.same((await each.cohorts()).sort(), ['cellar', 'lobby']);
    }
    t.same(await store.log('lobby').read([]), []);
  });

  test(`${driver}: entries sent twice, or in part again, count once; sources and cohorts are their own`, async (t) => {
    const { store, other, close } = await plain();
    t.teardown(close);
    await store.log('lobby').append('a', [entry(1), entry(2)]);
    t.same(await store.log('lobby').append('a', [entry(1), entry(2)]), { acknowledged: 2, duplicates: 2, end: 2 });
    t.same(await other.log('lobby').append('a', [entry(2), entry(3)]), { acknowledged: 3, duplicates: 1, end: 3 });
    t.same(await store.log('lobby').append('a', [entry(3)]), { acknowledged: 3, duplicates: 1, end: 3 });
    t.same(await store.log('lobby').append('b', [entry(1)]), { acknowledged: 1, duplicates: 0, end: 4 });
    t.same(await store.log('cellar').append('a', [entry(1)]), { acknowledged: 1, duplicates: 0, end: 1 });
    t.same(await store.log('lobby').append('a', []), { acknowledged: 3, duplicates: 0, end: 4 });
  });

  test(`${driver}: appends of many at the same time lose nothing and number each once`, async (t) => {
    const { store, other, close } = await plain();
    t.teardown(close);
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? store : other).log('lobby').append(`s${i}`, [entry(i + 1)])),
    );
    t.equal(await store.log('lobby').end(), 40);
    const read = await store.log('lobby').read(Array.from({ length: 40 }, (_, i) => i));
    const found = read.map((each) => each?.[0] ?? 0).sort((a, b) => a - b);
    t.same(
      found,
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
  });

  test(`${driver}: what is trimmed goes, positions and sources stay`, async (t) => {
    const { store, close } = await plain();
    t.teardown(close);
    await store.log('lobby').append('a', [entry(1), entry(2), entry(3)]);
    await store.log('lobby').trim(2);
    t.same(await store.log('lobby').read([2]), [bytes(3, 7)]);
    await store.log('lobby').trim(1);
    await store.log('lobby').trim(99);
    t.equal(await store.log('lobby').end(), 3);
    t.match(await store.log('lobby').append('a', [entry(3), entry(4)]), { duplicates: 1, end: 4 });
    t.same(await store.log('lobby').read([3]), [bytes(4, 7)]);
    await store.log('nowhere').trim(5);
    t.same(await store.cohorts(), ['lobby']);
  });

  test(`${driver}: a log begins where it is told, once`, async (t) => {
    const { store, other, close } = await plain();
    t.teardown(close);
    const log = store.log('lobby');
    await log.begin(7);
    t.equal(await other.log('lobby').end(), 7);
    t.match(await other.log('lobby').append('a', [entry(4), entry(5)]), { acknowledged: 5, duplicates: 0, end: 9 });
    t.same(await log.read([6, 7, 8]), [undefined, bytes(4, 7), bytes(5, 7)]);
    await t.rejects(log.begin(3), { code: 'CONFLICT', message: /cohort lobby/ });
    await log.trim(8);
    t.equal(await log.end(), 9);
    await store.log('cellar').begin(0);
    t.match(await store.log('cellar').append('a', [entry(1)]), { end: 1 });
  });

  test(`${driver}: sources without an entry in the log are forgotten beyond a number`, async (t) => {
    const { store, close } = await plain();
    t.teardown(close);
    const log = store.log('lobby');
    await log.append('first', [entry(1)]);
    await log.append('second', [entry(1)]);
    await Promise.all(Array.from({ length: SOURCES_REMEMBERED }, (_, i) => log.append(`s${i}`, [entry(1)])));
    t.match(await log.append('first', [entry(1)]), { duplicates: 1 }, 'all have an entry in the log');
    await log.trim(SOURCES_REMEMBERED + 2);
    await log.append('s0', [entry(2)]);
    t.match(await log.append('s9', [entry(1)]), { duplicates: 1 }, 'the ones heard of last are remembered');
    t.match(await log.append('first', [entry(1)]), { duplicates: 0 }, 'the ones of long ago are not');
  });

  test(`${driver}: the head is set by who knows its revision, and by nobody else`, async (t) => {
    const { store, other, close } = await plain();
    t.teardown(close);
    const [a, b] = [await store.blobs.put(bytes(1)), await store.blobs.put(bytes(2))];
    t.equal(await store.head('lobby'), undefined);
    const first = await store.setHead('lobby', named(a, 1), 0);
    t.ok(first >= 1);
    await t.rejects(other.setHead('lobby', named(b, 2), 0), { code: 'CONFLICT', message: /cohort lobby/ });
    t.same(await other.head('lobby'), { revision: first, bytes: bytes(1) });
    const second = await other.setHead('lobby', named(b, 2), first);
    t.ok(second > first);
    await t.rejects(store.setHead('lobby', named(a, 3), first), { code: 'CONFLICT' });
    t.same(await store.head('lobby'), { revision: second, bytes: bytes(2) });
    t.same(await store.cohorts(), ['lobby']);
  });

  test(`${driver}: of many that set a head at the same time one succeeds`, async (t) => {
    const { store, other, close } = await plain();
    t.teardown(close);
    const blob = await store.blobs.put(bytes(1));
    const tries = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? store : other).setHead('x', named(blob, i), 0));
    const results = await Promise.allSettled(tries);
    const succeeded = results.filter(({ status }) => status === 'fulfilled');
    t.equal(succeeded.length, 1);
    t.equal((await store.head('x'))?.bytes[0], results.indexOf(succeeded[0] as (typeof results)[number]));
  });

  test(`${driver}: blobs stay while a head names them, and no longer`, async (t) => {
    const time = { now: 1_000 };
    const under = await open({ beforeWrite: () => undefined, now: () => time.now });
    const { store, other, close } = under;
    t.teardown(close);
    t.equal(await store.blobs.get(digestOf(1)), undefined);
    const shared = await store.blobs.put(bytes(1));
    t.equal(shared, digestOf(1));
    t.equal(await store.blobs.put(bytes(1)), shared, 'again is the same');
    const own = await store.blobs.put(bytes(2));
    await store.blobs.put(bytes(3));
    const lobby = await store.setHead('lobby', { bytes: bytes(), blobs: [shared, own, own] }, 0);
    const cellar = await store.setHead('cellar', { bytes: bytes(), blobs: [shared] }, 0);
    t.same(await other.blobs.get(own), bytes(2));

    time.now += UNNAMED_KEPT_MS - 1;
    const waiting = await store.blobs.put(bytes(4));
    const next = await store.setHead('lobby', { bytes: bytes(), blobs: [] }, lobby);
    await under.sweep?.();
    t.equal(await store.blobs.get(own), undefined, 'no head names it any more');
    t.same(await store.blobs.get(shared), bytes(1), 'another head does');
    t.same(await store.blobs.get(digestOf(3)), bytes(3), 'it may be named yet');
    time.now += 1;
    await store.setHead('cellar', { bytes: bytes(), blobs: [] }, cellar);
    await under.sweep?.();
    t.equal(await store.blobs.get(shared), undefined);
    t.equal(await store.blobs.get(digestOf(3)), undefined, 'nobody named it in time');
    t.same(await store.blobs.get(waiting), bytes(4));
    await t.rejects(store.setHead('lobby', named(own, 1), next), { code: 'DATA_DAMAGED', message: new RegExp(own) });
    t.equal((await store.head('lobby'))?.revision, next);
  });

  test(`${driver}: a blob of any size comes back as it was`, async (t) => {
    const { store, close } = await plain();
    t.teardown(close);
    for (const size of [0, 1, 5_000, 3_000_000]) {
      const large = Uint8Array.from({ length: size }, (_, i) => (i * 31) ^ (i >> 8));
      const read = await store.blobs.get(await store.blobs.put(large));
      t.ok(read !== undefined && Buffer.compare(read, large) === 0, `${size} bytes`);
    }
  });

  test(`${driver}: changes are heard of, whoever made them`, async (t) => {
    const { store, other, close } = await plain();
    t.teardown(close);
    const [heard, late, ofCellar]: [Change[], Change[], Change[]] = [[], [], []];
    store.watch((change) => ofCellar.push(change), 'cellar');
    const stop = store.watch((change) => heard.push(change));
    const has = (...[cohort, what, at]: [string, Change['what'], number]) =>
      heard.some((change) => change.cohort === cohort && change.what === what && change.at === at);
    await store.log('lobby').append('a', [entry(1), entry(2)]);
    await other.log('cellar').append('a', [entry(1)]);
    const revision = await other.setHead('lobby', { bytes: bytes(), blobs: [] }, 0);
    await until(
      'three changes',
      () => has('lobby', 'log', 2) && has('cellar', 'log', 1) && has('lobby', 'head', revision),
    );
    await until('that of one cohort', () => ofCellar.length > 0);
    t.ok(
      ofCellar.every(({ cohort }) => cohort === 'cellar'),
      'who asks for one cohort hears of no other',
    );
    stop();
    store.watch((change) => late.push(change));
    const before = heard.length;
    await other.log('attic').append('a', [entry(1)]);
    await until('a later change', () => late.some(({ cohort }) => cohort === 'attic'));
    t.equal(heard.length, before, 'who stopped hears nothing');
    t.notOk(
      late.some(({ cohort }) => cohort === 'cellar'),
      'what was before is not told',
    );
  });

  test(`${driver}: a write that is under way when the store is closed is finished`, async (t) => {
    const under = await plain();
    t.teardown(() => under.close());
    const last = under.store.log('lobby').append('a', [entry(1)]);
    const store = await under.reopen();
    t.match(await last, { acknowledged: 1 });
    t.equal(await store.log('lobby').end(), 1);
  });

  test(`${driver}: what was acknowledged is there after a restart`, async (t) => {
    const under = await plain();
    t.teardown(() => under.close());
    for (const [, write] of WRITES) await write(under.store);
    const before = await visible(under.store);
    const store = await under.reopen();
    t.same(await visible(store), before);
    t.same(await store.blobs.get(digestOf(2, 2)), bytes(2, 2));
    t.match(await store.log('lobby').append('a', [entry(5)]), { duplicates: 1 });
  });

  storeFaults(driver, open);
}
