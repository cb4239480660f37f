import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSample, exportedVersion } from '@renorm/protocol';
import { test } from 'tap';
import { checkState } from './check-state.js';
import { copyState } from './copy-state.js';
import { Cohorts } from './store/cohorts.js';
import { claimFolder } from './store/data-folder.js';
import { NatsServer, whyNoNats } from './store/nats/server.test-support.js';
import { openStore } from './store/open-store.js';
import { publicationAfter } from './store/publication.test-support.js';

const gamma = (value: number) => new Map([['a/gamma', Float32Array.of(value, 2)]]);
const exported = exportedVersion(gamma(1));
const models = { edgeModel: 'e'.repeat(64), foundationModel: 'f'.repeat(64) };
const newFolder = (): string => join(mkdtempSync(join(tmpdir(), 'renorm-copy-')), 'state');

function append(cohorts: Cohorts, cohort: string, device: string, first: number, count: number) {
  const samples = Array.from({ length: count }, (_, i) => ({
    ...encodeSample({ data: Float32Array.of(first + i, 0), shape: [2] }),
    sequence: first + i,
  }));
  return cohorts.append({ cohort, device, session: 'a'.repeat(32), samples });
}

/** A cohort with 40 versions whose first samples have been trimmed, one that is all trimmed, one that has no version. */
async function fill(folder: string): Promise<void> {
  const claim = claimFolder(folder, models);
  const store = await openStore(folder);
  const cohorts = new Cohorts(store, { exported });
  claim.storeOpened(true);
  for (let i = 0; i < 40; i++) {
    await append(cohorts, 'lobby', `cam-${i % 3}`, 1 + 4 * i, 4);
    const publication = publicationAfter((await cohorts.latest('lobby')) ?? exported, gamma(1 + i / 100));
    const { revision = 0 } = (await cohorts.checkpoint('lobby')) ?? {};
    const keepFrom = Math.max(0, 4 * i - 61);
    await cohorts.commit('lobby', {
      revision,
      trained: 4 * i + 3,
      strategy: 'x',
      state: Uint8Array.of(i),
      publication,
      keepFrom,
    });
  }
  await append(cohorts, 'cellar.2', 'cam-9', 1, 3);
  await append(cohorts, 'attic', 'cam-8', 1, 3);
  await cohorts.commit('attic', { revision: 0, trained: 3, strategy: 'x', state: Uint8Array.of(1), keepFrom: 3 });
  claim.storeUsed();
  await cohorts.close();
  claim.release();
}

test('state goes from a folder into a cluster and back: numbers, digests, positions and who sent what stay', {
  skip: whyNoNats ?? false,
}, async (t) => {
  const server = await NatsServer.start();
  t.teardown(() => server.close());
  const [data, back, store] = [newFolder(), newFolder(), `nats://${server.address}/moved`];
  await fill(data);
  const seen = async (place: { data: string } | { store: string }) => {
    const versions: string[] = [];
    const samples: unknown[] = [];
    const { isWhole, problems, cohorts } = await checkState({
      ...place,
      onVersion: (cohort, number, digest) =>
        versions.push(`${cohort} ${number} ${Buffer.from(digest).toString('hex')}`),
      onSample: (cohort, position, sample) => samples.push({ cohort, position, ...sample }),
    });
    t.ok(isWhole, problems.join('; '));
    return { cohorts, versions, samples };
  };
  const before = await seen({ data });
  t.equal(before.versions.length, 40);

  t.match(await copyState({ from: { data }, to: { store } }), [
    { cohort: 'attic' },
    { cohort: 'cellar.2' },
    { cohort: 'lobby', version: 40 },
  ]);
  t.same(await seen({ store }), before);
  const cohorts = new Cohorts(await openStore(store), { exported });
  t.match(await append(cohorts, 'lobby', 'cam-0', 157, 4), { duplicates: 4 }, 'what a device sends again is known');
  t.match(await cohorts.checkpoint('lobby'), { trained: 159 });
  t.match(await cohorts.latest('lobby'), { number: 40 });
  await cohorts.close();

  await copyState({ from: { store }, to: { data: back } });
  t.same(await seen({ data: back }), before);

  await t.rejects(copyState({ from: { data }, to: { store } }), {
    code: 'REQUEST_INVALID',
    message: /holds cohorts already/,
  });
  await t.rejects(copyState({ from: { store: `nats://${server.address}/none` }, to: { data: newFolder() } }), {
    code: 'REQUEST_INVALID',
    message: /there is no cloud's state/,
  });
});
