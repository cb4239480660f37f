import { mkdtempSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import type { DeviceStore, OpenedStore } from '../core/platform.js';
import { memoryStore } from '../core/state/memory-store.js';
import {
  type ContractCase,
  LASTING_STORE_CONTRACT,
  STORE_CONTRACT,
} from '../core/state/store-contract.test-support.js';
import { openLevelStore } from './level-store.js';

const fresh = (): string => join(mkdtempSync(join(tmpdir(), 'renorm-state-')), 'state');

function holds(name: string, cases: readonly ContractCase[], opener: () => () => Promise<DeviceStore>): void {
  for (const each of cases) {
    test(`${name}: ${each.name}`, async (t) => {
      const open = opener();
      const opened: DeviceStore[] = [];
      t.teardown(() => Promise.all(opened.map((store) => store.close())));
      await each.run(async () => {
        const store = await open();
        opened.push(store);
        return store;
      });
    });
  }
}

holds('in memory', STORE_CONTRACT, () => async () => memoryStore());
holds('in a folder', [...STORE_CONTRACT, ...LASTING_STORE_CONTRACT], () => {
  const folder = fresh();
  return async () => (await openLevelStore(folder)).store;
});

/** A folder in which 40 records were written, one after the other. */
async function filled(): Promise<string> {
  const folder = fresh();
  const { store } = await openLevelStore(folder);
  for (let i = 0; i < 40; i++)
    await store.write([{ key: `spool/${String(i).padStart(2, '0')}`, value: new Uint8Array(1000).fill(i) }]);
  await store.close();
  return folder;
}

const pathOf = (folder: string, pattern: RegExp): string => {
  const records = join(folder, 'records');
  return join(records, readdirSync(records).find((name) => pattern.test(name)) ?? 'none');
};

async function recordsOf({ store }: OpenedStore): Promise<number> {
  const records = await store.list('spool/');
  for (const [i, { value }] of records.entries())
    if (value.length !== 1000 || !value.every((byte) => byte === i)) throw new Error(`record ${i} is another`);
  await store.close();
  return records.length;
}

test('a log that ends in the middle of a record: those before it are there, whole', async (t) => {
  const folder = await filled();
  truncateSync(pathOf(folder, /^\d+\.log$/), 20_500);
  t.equal(await recordsOf(await openLevelStore(folder)), 19);
});

test('a folder that is damaged is repaired or set aside, and says so', async (t) => {
  const repaired = await filled();
  writeFileSync(pathOf(repaired, /^MANIFEST/), 'nothing of the kind');
  const first = await openLevelStore(repaired);
  t.match(first.lost, /is damaged \(.*\), as a failing disk leaves it\. It was repaired/);
  t.equal(await recordsOf(first), 40, 'the log has all of them');

  const beyond = await filled();
  writeFileSync(join(beyond, 'records', 'CURRENT'), 'MANIFEST-999999\n');
  const second = await openLevelStore(beyond);
  t.match(second.lost, /damaged/);
  await second.store.write([{ key: 'a', value: Uint8Array.of(1) }]);
  await second.store.close();
});

test('a folder that cannot be made is refused by name', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'renorm-state-')), 'file');
  writeFileSync(file, '');
  await t.rejects(openLevelStore(join(file, 'state')), {
    code: 'DATA_NOT_WRITABLE',
    message: /file.state cannot be written/,
  });
});
