import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeContract } from './contract.test-support.js';
import { LmdbStore } from './lmdb.js';

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
