import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyVersion,
  exportedVersion,
  fromBinary,
  RenormError,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { test } from 'tap';
import { Cohorts } from './cohorts.js';
import { LmdbStore } from './lmdb.js';
import { MemoryStore } from './memory.js';
import { publicationAfter } from './publication.test-support.js';
import type { Store } from './store.js';

const gamma = (value: number) => new Map([['a/gamma', Float32Array.of(value, 2)]]);
const exported = exportedVersion(gamma(1));
const STEPS = 20;

/** Trains as a trainer does that believes itself alone. @returns steps that were given up */
async function train(cohorts: Cohorts, who: number): Promise<number> {
  let conflicts = 0;
  for (let done = 0; done < STEPS; ) {
    const before = await cohorts.checkpoint('lobby');
    const parent: VersionState = (await cohorts.latest('lobby')) ?? exported;
    const publication = publicationAfter(parent, gamma(1 + who / 10 + done / 100), done);
    const { revision = 0, trained = 0 } = before ?? {};
    const commit = { revision, trained: trained + 1, strategy: 'cema', state: Uint8Array.of(who, done), keepFrom: 0 };
    try {
      await cohorts.commit('lobby', { ...commit, publication });
      done += 1;
    } catch (error) {
      if (!(error instanceof RenormError) || error.code !== 'CONFLICT') throw error;
      conflicts += 1;
    }
  }
  return conflicts;
}

const folder = mkdtempSync(join(tmpdir(), 'renorm-trainers-'));
const memory = new MemoryStore();
const stores: readonly (readonly [string, () => Promise<Store>])[] = [
  ['memory', async () => memory],
  ['lmdb', () => LmdbStore.open(folder)],
];

for (const [driver, open] of stores)
  test(`${driver}: two trainers on one cohort never fork its versions, and no step is lost that was committed`, async (t) => {
    const trainers = [new Cohorts(await open(), { exported }), new Cohorts(await open(), { exported })];
    const conflicts = await Promise.all(trainers.map((cohorts, who) => train(cohorts, who)));
    t.ok(
      conflicts.some((count) => count > 0),
      `${conflicts} steps were given up`,
    );
    const late = new Cohorts(await open(), { exported });
    t.match(await late.checkpoint('lobby'), { trained: 2 * STEPS });
    const chain = await late.versionsAfter('lobby', 0);
    t.equal(chain.length, 2 * STEPS);
    let held: VersionState = exported;
    for (const { message } of chain) held = applyVersion(held, fromBinary(VersionSchema, message));
    t.same(held.digest, (await late.latest('lobby'))?.digest, 'who follows each version holds the newest');
    for (const cohorts of [...trainers, late]) await cohorts.close();
  });
