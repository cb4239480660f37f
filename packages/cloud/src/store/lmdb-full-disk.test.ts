import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { LmdbStore } from './lmdb.js';
import { smallDisk } from './small-disk.test-support.js';

const MiB = 2 ** 20;
const disk = smallDisk(4 * MiB);
const skip = disk === undefined ? 'needs root: a small file system is mounted' : false;
const entry = (sequence: number) => ({ sequence, bytes: new Uint8Array(3_000).fill(sequence % 256) });

/**
 * Four sources that append one behind the other's back, each until it was refused some times.
 *
 * @returns what each was acknowledged
 */
async function fill(
  store: LmdbStore,
  from: readonly number[],
): Promise<{ acknowledged: number[]; refusals: unknown[] }> {
  const refusals: unknown[] = [];
  const acknowledged = from.map(async (last, source) => {
    for (let refused = 0; refused < 3; ) {
      try {
        const entries = [entry(last + 1), entry(last + 2)];
        last = (await store.log('lobby').append(`source ${source}`, entries)).acknowledged;
      } catch (error) {
        refusals.push(error);
        refused += 1;
      }
    }
    return last;
  });
  return { acknowledged: await Promise.all(acknowledged), refusals };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

test('a disk that is full refuses by name, keeps what was acknowledged, and takes more when there is room', {
  skip,
}, async (t) => {
  t.teardown(() => disk?.remove());
  const path = disk?.path ?? '';
  const ballast = join(path, 'ballast');
  writeFileSync(ballast, new Uint8Array(2 * MiB));
  const store = await LmdbStore.open(path);
  const first = await fill(store, [0, 0, 0, 0]);
  for (const refusal of first.refusals) t.match(refusal, { code: 'DISK_FULL' });
  t.equal(await store.log('lobby').end(), sum(first.acknowledged));
  rmSync(ballast);
  const second = await fill(store, first.acknowledged);
  for (const refusal of second.refusals) t.match(refusal, { code: 'DISK_FULL' });
  for (const [source, last] of second.acknowledged.entries())
    t.ok(last > (first.acknowledged[source] ?? 0), `source ${source} went on`);
  await store.close();
  const again = await LmdbStore.open(path);
  t.equal(await again.log('lobby').end(), sum(second.acknowledged));
  await again.close();
});
