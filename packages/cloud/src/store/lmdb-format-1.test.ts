import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportedVersion, SampleEncoding, type VersionState } from '@renorm/protocol';
import { Packr } from 'msgpackr';
import { type Test, test } from 'tap';
import { Cohorts, type Publication } from './cohorts.js';
import { Format1Folder } from './format-1.test-support.js';
import { LmdbStore } from './lmdb.js';
import { publicationAfter } from './publication.test-support.js';

const parameters = (value: number) => new Map([['a/gamma', Float32Array.of(value, 2)]]);
const exported = exportedVersion(parameters(1));
const learner = (value: number) => ({ parameters: Uint8Array.of(value, 2, 3, 4), velocities: new Uint8Array() });
const stateOf = (steps: number) => ({ edge: learner(1), foundation: learner(2), steps, random: -12345 });
const upload = (device: string, from: number, count: number, cohort = 'lobby', session = 'ff') => ({
  ...{ cohort, device, session },
  samples: Array.from({ length: count }, (_, i) => ({
    ...{ sequence: from + i, encoding: SampleEncoding.UINT8, shape: [1, 2] },
    data: Uint8Array.of(from + i, 2, 3),
  })),
});

const VERSIONS = 70;

/** A folder of the first format: a cohort that learnt for a while, one that only received, and sessions of long ago. */
async function written(): Promise<{ folder: string; published: Publication[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-format-1-'));
  const old = new Format1Folder(folder);
  await old.append(upload('cam-2', 1, 1, 'lobby', 'aa'));
  await old.append(upload('cam-3', 1, 2));
  for (let i = 0; i < 11; i++) await old.append(upload('cam-1', 1 + i * 30, 30));
  await old.append(upload('cam-1', 1, 3, 'cellar'));
  const published: Publication[] = [];
  let parent: VersionState = exported;
  for (let i = 1; i <= VERSIONS; i++) {
    const publication = publicationAfter(parent, parameters(1 + i / 40), i);
    published.push(publication);
    await old.commit('lobby', { trained: i * 4, state: stateOf(i) }, publication, 10);
    parent = publication.latest;
  }
  await old.close();
  return { folder, published };
}

async function check(t: Test, folder: string, published: readonly Publication[]): Promise<void> {
  const cohorts = new Cohorts(await LmdbStore.open(folder), { exported });
  t.same((await cohorts.names()).sort(), ['cellar', 'lobby']);
  t.match(await cohorts.standing('lobby'), { received: 333, trained: 280, version: { number: VERSIONS } });
  t.match(await cohorts.standing('cellar'), { received: 3, trained: 0, version: undefined });
  const samples = await cohorts.samples('lobby', [9, 10, 300, 332, 333]);
  t.same(
    samples.map((sample) => sample && [sample.device, sample.sequence]),
    [undefined, ['cam-1', 8], ['cam-1', 298], ['cam-1', 330], undefined],
  );
  t.same(samples[1]?.data, Uint8Array.of(8, 2, 3));
  const checkpoint = await cohorts.checkpoint('lobby');
  t.match(checkpoint, { trained: 280, strategy: 'cema' });
  t.match(new Packr({ useRecords: false }).unpack(checkpoint?.state ?? new Uint8Array()), {
    steps: VERSIONS,
    random: -12345,
  });
  t.equal(await cohorts.checkpoint('cellar'), undefined);
  t.same(await cohorts.latest('lobby'), published.at(-1)?.latest);
  t.same(
    await cohorts.versionsAfter('lobby', 0),
    published.map(({ stored }) => stored),
  );
  for (const [device, session] of [
    ['cam-1', 'ff'],
    ['cam-2', 'aa'],
  ] as const)
    t.match(await cohorts.append(upload(device, 1, 1, 'lobby', session)), { duplicates: 1 }, `${device} is remembered`);
  t.match(await cohorts.append(upload('cam-1', 331, 1)), { acknowledged: 331, duplicates: 0 });
  t.match(await cohorts.samples('lobby', [333]), [{ sequence: 331 }]);
  const revision = checkpoint?.revision ?? 0;
  await cohorts.commit('lobby', { revision, trained: 300, strategy: 'cema', state: Uint8Array.of(1), keepFrom: 20 });
  await cohorts.close();
}

test('state of the first format opens, and is as it was', async (t) => {
  const { folder, published } = await written();
  await check(t, folder, published);
  const again = new Cohorts(await LmdbStore.open(folder), { exported });
  t.match(await again.standing('lobby'), { received: 334, trained: 300 });
  await again.close();
});

test('bringing it into this format may be ended at any write, and goes on', async (t) => {
  // Each opening gets some writes further than the one before, and then fails.
  const { folder, published } = await written();
  let openings = 0;
  for (let opened: LmdbStore | undefined; opened === undefined; openings++) {
    let left = 300 + openings * 37;
    const beforeWrite = (): void => {
      left -= 1;
      if (left === 0) throw new Error('ended here');
    };
    opened = await LmdbStore.open(folder, { beforeWrite }).catch(() => undefined);
    await opened?.close();
  }
  t.ok(openings > 5, `${openings} openings`);
  await check(t, folder, published);
});

test('two processes that open it at the same time do it once', async (t) => {
  const { folder, published } = await written();
  const both = await Promise.all([LmdbStore.open(folder), LmdbStore.open(folder)]);
  for (const store of both) await store.close();
  await check(t, folder, published);
});
