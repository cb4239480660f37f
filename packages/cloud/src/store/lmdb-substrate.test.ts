import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeDelta, exportedVersion, SampleEncoding } from '@renorm/protocol';
import { test } from 'tap';
import type { CohortState } from '../adaptation/cohort-state.js';
import { LmdbSubstrate, storageError } from './lmdb-substrate.js';

const learner = (value: number) => ({
  parameters: new Map([
    ['a/gamma', Float32Array.of(value, 2)],
    ['a/mean', Float32Array.of(3, 4)],
  ]),
  velocities: new Map(),
});
const fresh: CohortState = { edge: learner(1), foundation: learner(1), steps: 0, random: 0 };
const folder = (): string => mkdtempSync(join(tmpdir(), 'renorm-store-'));
const sample = (sequence: number) => ({
  sequence,
  encoding: SampleEncoding.UINT8,
  shape: [1, 2],
  data: Uint8Array.of(sequence, 2, 3),
});
const upload = (device: string, ...sequences: number[]) => ({
  ...{ cohort: 'lobby', device, session: 'ff' },
  samples: sequences.map(sample),
});

test('samples are kept in order and come back as they were', async (t) => {
  const store = new LmdbSubstrate(folder(), fresh);
  t.same(await store.append(upload('a', 1, 2)), { acknowledged: 2, duplicates: 0 });
  const read = store.read('lobby', [1, 0, 5]);
  t.same(
    read.map(({ sequence }) => sequence),
    [2, 1],
  );
  t.same(read[0]?.data, Uint8Array.of(2, 2, 3));
  await store.close();
});

test('a batch sent twice, or in part again, counts once; other devices and sessions are their own', async (t) => {
  const store = new LmdbSubstrate(folder(), fresh);
  await store.append(upload('a', 1, 2));
  t.same(await store.append(upload('a', 1, 2)), { acknowledged: 2, duplicates: 2 });
  t.same(await store.append(upload('a', 2, 3)), { acknowledged: 3, duplicates: 1 });
  t.same(await store.append(upload('b', 1)), { acknowledged: 1, duplicates: 0 });
  t.same(await store.append({ ...upload('a', 1), session: '00' }), { acknowledged: 1, duplicates: 0 });
  t.same(store.progress('lobby'), { received: 5, trained: 0 });
  await store.close();
});

test('state, versions and samples are there after closing and opening again', async (t) => {
  const path = folder();
  const store = new LmdbSubstrate(path, fresh);
  await store.append(upload('a', 1, 2, 3));
  const state: CohortState = {
    edge: { parameters: learner(9).parameters, velocities: new Map([['a/gamma', Float32Array.of(0.5, 0.25)]]) },
    foundation: learner(7),
    steps: 4,
    random: -12345,
  };
  const digest = new Uint8Array(32).fill(1);
  const stored = { number: 1, digest, parentDigest: new Uint8Array(32), message: Uint8Array.of(1, 2) };
  const exported = exportedVersion(fresh.edge.parameters);
  const { decoded: latest } = encodeDelta(exported, learner(8).parameters, { publishedAtMs: 5 });
  await store.commit('lobby', { trained: 2, state }, { latest, stored }, 1);
  await store.close();

  const again = new LmdbSubstrate(path, fresh);
  t.same(again.cohorts(), ['lobby']);
  t.same(again.checkpoint('lobby'), { trained: 2, state });
  t.same(again.latest('lobby'), latest);
  t.same(again.versionsAfter('lobby', 0), [stored]);
  t.same(again.versionsAfter('lobby', 1), []);
  t.equal(again.read('lobby', [0]).length, 0, 'what left the replay window is gone');
  t.equal(again.read('lobby', [1, 2]).length, 2);
  t.same(await again.append(upload('a', 3)), { acknowledged: 3, duplicates: 1 }, 'and so are the marks');
  await again.close();
});

test('a full disk has a name', async (t) => {
  t.match(storageError(Object.assign(new Error('No space left on device'), { code: 28 })), { code: 'DISK_FULL' });
  t.match(storageError(new Error('MDB_MAP_FULL: Environment mapsize limit reached')), { code: 'DISK_FULL' });
  const other = new Error('something else');
  t.equal(storageError(other), other);
});
