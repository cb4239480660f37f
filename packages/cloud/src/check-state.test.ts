import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@renorm/protocol';
import { test } from 'tap';
import { checkState } from './check-state.js';
import { edgeModel } from './committed-models.test-support.js';
import { modelPair } from './models/model-facts.js';
import { claimFolder, storeFolder } from './store/data-folder.js';
import { LmdbStore } from './store/lmdb.js';

const model = edgeModel();
const models = { edgeModel: toHex(modelPair(model, model).edgeDigest) };

/** A folder with one entry in its store, which is no sample. */
async function folderWith(...entries: Uint8Array[]): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'renorm-state-'));
  const claim = claimFolder(data, models);
  const store = await LmdbStore.open(data);
  if (entries.length > 0)
    await store.log('lobby').append(
      'a',
      entries.map((bytes, i) => ({ sequence: i + 1, bytes })),
    );
  claim.storeOpened(entries.length === 0);
  await store.close();
  claim.release();
  return data;
}

test('a new folder is whole; one in use is not looked at', async (t) => {
  const data = await folderWith();
  t.match(await checkState({ data, edgeModel: model.bytes }), { isWhole: true, cohorts: [], problems: [], ...models });
  const claim = claimFolder(data, models);
  await t.rejects(checkState({ data }), { code: 'DATA_IN_USE' });
  claim.release();
  await t.rejects(checkState({ data: join(data, 'nowhere') }), { code: 'REQUEST_INVALID' });
});

test('what is wrong with the files, the store and what is in it is told, all of it', async (t) => {
  const data = await folderWith(Uint8Array.of(1, 2, 3));
  t.match(await checkState({ data }), {
    isWhole: false,
    cohorts: [{ cohort: 'lobby', received: 1 }],
    problems: [/the sample at position 0 of cohort lobby cannot be read/],
  });
  truncateSync(join(storeFolder(data), 'data.mdb'), 9_000);
  writeFileSync(join(data, 'renorm.json'), '');
  t.match(await checkState({ data }), { isWhole: false, problems: [/renorm\.json is empty/, /data\.mdb is cut off/] });
  rmSync(storeFolder(data), { recursive: true });
  rmSync(join(data, 'renorm.json'));
  t.match(await checkState({ data }), { isWhole: false, problems: [/renorm\.json is missing/, /store is missing/] });
});

test('another edge model is told', async (t) => {
  const data = await folderWith();
  const other = new Uint8Array([...model.bytes, 0x12, 0x00]);
  const { problems } = await checkState({ data, edgeModel: other });
  t.match(problems, [/belongs to the edge model/]);
});
