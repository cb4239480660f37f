import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
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

test('one that was being written anew when the process ended is as before, or whole', async (t) => {
  for (const ended of ['before', 'between', 'after'] as const) {
    const folder = await filled();
    const [now, next, old] = ['records', 'records.new', 'records.old'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    cpSync(now, next, { recursive: true });
    if (ended !== 'before') renameSync(now, old);
    if (ended === 'after') renameSync(next, now);
    t.equal(await recordsOf(await openLevelStore(folder)), 40, ended);
    t.same(
      readdirSync(folder).filter((name) => name !== 'records'),
      [],
      'nothing is left beside it',
    );
  }
});

test('a full disk: what was acknowledged is there, and it goes on by itself when there is room', async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'renorm-small-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${4 * 2 ** 20}`, 'tmpfs', path]).status !== 0)
    return t.pass('skipped: mounting a small file system in memory needs root on Linux');
  t.teardown(() => void spawnSync('umount', ['--lazy', path]));
  const { store } = await openLevelStore(join(path, 'state'));
  const ballast = join(path, 'ballast');
  writeFileSync(ballast, new Uint8Array(2 ** 21));
  const kept: number[] = [];
  const write = async (i: number): Promise<boolean> => {
    try {
      const value = new Uint8Array(30_000).fill(i);
      await store.write([{ key: `spool/${String(i).padStart(4, '0')}`, value }]);
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'DATA_NOT_WRITABLE') throw error;
      return false;
    }
    kept.push(i);
    return true;
  };
  let i = 0;
  while (await write(i)) i++;
  t.ok(i > 3, `${i} were written`);
  for (let k = 1; k < 4; k++) t.notOk(await write(i + k), 'still full');
  rmSync(ballast);
  t.ok(await write(i + 4), 'there is room');
  t.ok(await write(i + 5));
  const found = (await store.list('spool/')).map(({ key, value }) => {
    const number = Number(key.slice(6));
    if (!value.every((byte) => byte === number % 256)) throw new Error(`record ${number} is another`);
    return number;
  });
  t.same(
    kept.filter((each) => !found.includes(each)),
    [],
    'all that was acknowledged',
  );
  await store.close();
});
