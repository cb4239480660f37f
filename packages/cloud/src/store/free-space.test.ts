import { tmpdir } from 'node:os';
import { test } from 'tap';
import { FreeSpace } from './free-space.js';

const MiB = 2 ** 20;

test('a disk is full below the reserve, and free again only clearly above it; both are told once', async (t) => {
  let free = 100 * MiB;
  const told: boolean[] = [];
  const space = new FreeSpace('/state', {
    roomOf: () => ({ free, size: 1e12 }),
    onChange: (full) => told.push(full?.code === 'DISK_FULL'),
  });
  space.admit();
  free = 63 * MiB;
  t.throws(() => space.admit(), { code: 'DISK_FULL', message: /\/state has 63 MiB left/ });
  free = 65 * MiB;
  t.throws(() => space.admit(), { code: 'DISK_FULL' });
  free = 81 * MiB;
  space.admit();
  space.admit();
  t.same(told, [true, false]);
});

test('of a small disk a twentieth is kept', async (t) => {
  let free = 0.06e6;
  const space = new FreeSpace('/state', { roomOf: () => ({ free, size: 1e6 }) });
  t.equal(space.isFull, false);
  free = 0.04e6;
  t.equal(space.isFull, true);
});

test('a write that failed counts for a while, even if the file system sees room', async (t) => {
  let now = 0;
  const told: boolean[] = [];
  const space = new FreeSpace('/state', {
    roomOf: () => ({ free: 1e12, size: 1e12 }),
    now: () => now,
    onChange: (full) => told.push(full?.code === 'DISK_FULL'),
  });
  space.admit();
  space.writeFailed();
  t.throws(() => space.admit(), { code: 'DISK_FULL' });
  now = 6_000;
  space.admit();
  t.same(told, [true, false]);
});

test('a real folder is asked', async (t) => {
  t.equal(new FreeSpace(tmpdir(), { reserve: 0 }).isFull, false);
  t.equal(new FreeSpace(tmpdir(), { reserve: 1e18 }).isFull, true);
});
