import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { storeContract } from './contract.test-support.js';
import { LmdbStore } from './lmdb.js';
import { UNNAMED_KEPT_MS } from './store.js';

storeContract('lmdb', async (hooks) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-store-'));
  const opened = [await LmdbStore.open(folder, hooks), await LmdbStore.open(folder, hooks)];
  const close = async (): Promise<void> => {
    for (const store of opened.splice(0)) await store.close();
  };
  const [store, other] = opened as [LmdbStore, LmdbStore];
  return {
    ...{ store, other, close },
    async reopen() {
      await close();
      opened.push(await LmdbStore.open(folder, hooks));
      return opened[0] as LmdbStore;
    },
  };
});

test('a blob that waits for its head outlives a restart of the machine, after which its clock begins anew', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-store-'));
  const time = { now: 400 * 86_400_000 };
  const store = await LmdbStore.open(folder, { now: () => time.now });
  t.teardown(() => store.close());
  const digest = await store.blobs.put(Uint8Array.of(7));
  let revision = 0;
  const setHead = async (): Promise<void> => {
    revision = await store.setHead('lobby', { bytes: new Uint8Array(), blobs: [] }, revision);
  };

  time.now = 5_000;
  await setHead();
  time.now += UNNAMED_KEPT_MS - 1;
  await setHead();
  t.same(await store.blobs.get(digest), Uint8Array.of(7));
  time.now += 1;
  await setHead();
  t.equal(await store.blobs.get(digest), undefined, 'nobody named it in the hour that followed');
});

test('a date that is set ahead lets no blob go that another trainer is about to name', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-store-'));
  const [one, other] = [await LmdbStore.open(folder), await LmdbStore.open(folder)];
  t.teardown(() => Promise.all([one.close(), other.close()]));
  const digest = await one.blobs.put(Uint8Array.of(7));
  const dateNow = Date.now;
  t.teardown(() => {
    Date.now = dateNow;
  });
  Date.now = () => dateNow() + 400 * 86_400_000;
  await other.setHead('cellar', { bytes: new Uint8Array(), blobs: [] }, 0);
  t.equal(await one.setHead('lobby', { bytes: new Uint8Array(), blobs: [digest] }, 0), 1);
});
