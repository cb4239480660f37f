import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { test } from 'tap';
import { inspectLmdbFile } from './lmdb-file.js';

const PAGE = 4096;
const reader = fileURLToPath(new URL('./read-lmdb.test-support.js', import.meta.url));

/** Whole numbers below a bound, the same ones for a seed (mulberry32). */
function below(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

/** A database with small values, values on pages of their own, and much that was removed again. */
async function database(seed: number, looked: (path: string) => void): Promise<string> {
  const at = mkdtempSync(join(tmpdir(), 'renorm-lmdb-'));
  const root = open({ path: join(at, 'store'), maxDbs: 8, overlappingSync: false });
  const [entries, marks] = [root.openDB<Buffer>({ name: 'entries' }), root.openDB<number>({ name: 'marks' })];
  const random = below(seed);
  for (let i = 0; i < 30; i++) {
    await root.transaction(() => {
      for (let k = 0; k < 20; k++) {
        const key = ['lobby', random(2_000)];
        if (random(3) === 0) entries.remove(key);
        else entries.put(key, Buffer.alloc(random(3) === 0 ? random(20_000) : random(1_500), i));
        marks.put(random(500), i);
      }
    });
    looked(join(at, 'store', 'data.mdb'));
  }
  await root.close();
  return join(at, 'store', 'data.mdb');
}

/** Whether LMDB reads and writes it, in a process of its own. */
function lmdbCopes(bytes: Uint8Array): boolean {
  const at = mkdtempSync(join(tmpdir(), 'renorm-lmdb-'));
  mkdirSync(join(at, 'store'));
  writeFileSync(join(at, 'store', 'data.mdb'), bytes);
  return spawnSync(process.execPath, [reader, join(at, 'store')], { stdio: 'ignore', timeout: 60_000 }).status === 0;
}

function verdict(bytes: Uint8Array): string {
  const path = join(mkdtempSync(join(tmpdir(), 'renorm-lmdb-')), 'data.mdb');
  writeFileSync(path, bytes);
  return inspectLmdbFile(path).kind;
}

test('a database is whole after each of its transactions, and when it is closed', async (t) => {
  const kinds = new Set<string>();
  for (const seed of [1, 2, 3]) {
    const path = await database(seed, (file) => kinds.add(inspectLmdbFile(file).kind));
    t.match(inspectLmdbFile(path), { kind: 'whole' }, `seed ${seed}`);
  }
  t.same([...kinds], ['whole']);
});

test('what is called whole LMDB can read and write; what was cut is never called whole', async (t) => {
  const bytes = readFileSync(await database(4, () => undefined));
  const random = below(4);
  t.ok(lmdbCopes(bytes), 'the undamaged one');
  let damaged = 0;
  for (let i = 0; i < 9; i++) {
    const copy = Buffer.from(bytes);
    const page = random(bytes.length / PAGE) * PAGE;
    if (i % 3 === 1) copy.fill(0, page, page + PAGE);
    if (i % 3 === 2) for (let k = 0; k < 64; k++) copy[page + random(PAGE)] = random(256);
    const tried = i % 3 === 0 ? copy.subarray(0, random(bytes.length - PAGE)) : copy;
    const kind = verdict(tried);
    if (kind !== 'whole') damaged += 1;
    else t.ok(lmdbCopes(tried), `seed 4, try ${i}: called whole`);
  }
  t.ok(damaged >= 3, 'the three that were cut, at least');
});

test('no file, an empty one, zeros, and other files are told apart', (t) => {
  t.match(inspectLmdbFile('/nowhere/data.mdb'), { kind: 'absent' });
  t.equal(verdict(new Uint8Array()), 'empty');
  t.equal(verdict(new Uint8Array(8 * PAGE)), 'damaged');
  t.equal(verdict(Buffer.from('{}')), 'damaged');
  t.equal(verdict(readFileSync(process.execPath).subarray(0, 64 * PAGE)), 'damaged');
  t.end();
});
