import { exportedVersion, SampleEncoding, type VersionState } from '@renorm/protocol';
import { test } from 'tap';
import { checkCohort } from './check-cohort.js';
import { Cohorts } from './cohorts.js';
import { MemoryStore } from './memory.js';
import { publicationAfter } from './publication.test-support.js';
import type { Store } from './store.js';

const parameters = (value: number) => new Map([['a/gamma', Float32Array.of(value, 2)]]);
const exported = exportedVersion(parameters(1));
const data = (sequence: number) => Uint8Array.of(sequence, 2, 3);

/** Ten samples, six of them trained on and two forgotten, and three versions. */
async function filled(): Promise<MemoryStore> {
  const store = new MemoryStore();
  const cohorts = new Cohorts(store, { exported });
  const samples = Array.from({ length: 10 }, (_, i) => ({
    ...{ sequence: i + 1, encoding: SampleEncoding.UINT8, shape: [1, 3] },
    data: data(i + 1),
  }));
  await cohorts.append({ cohort: 'lobby', device: 'a', session: 'ff', samples });
  let parent: VersionState = exported;
  for (let revision = 0; revision < 3; revision++) {
    const publication = publicationAfter(parent, parameters(revision + 2));
    const [trained, keepFrom] = [(revision + 1) * 2, revision];
    const state = Uint8Array.of(revision);
    await cohorts.commit('lobby', { revision, trained, strategy: 'cema', state, keepFrom, publication });
    parent = publication.latest;
  }
  return store;
}

async function problemsOf(store: Store): Promise<string[]> {
  const problems: string[] = [];
  await checkCohort(store, 'lobby', (what) => problems.push(what), { exported });
  return problems;
}

/** The store with something of it in another form. */
const altered = (store: Store, changes: Partial<Store>): Store => ({
  ...{ blobs: store.blobs, watch: () => () => undefined, look: () => undefined, close: () => store.close() },
  log: (cohort) => store.log(cohort),
  head: (cohort) => store.head(cohort),
  setHead: (cohort, head, revision) => store.setHead(cohort, head, revision),
  cohorts: () => store.cohorts(),
  ...changes,
});

test('what was written is whole, and all of it is looked at', async (t) => {
  const store = await filled();
  const [seen, versions]: [number[], number[]] = [[], []];
  const report = await checkCohort(store, 'lobby', (what) => t.fail(what), {
    exported,
    onVersion: (_, number) => versions.push(number),
    onSample: (_, position, sample) => {
      seen.push(position);
      t.same(sample.data, data(position + 1));
    },
  });
  t.same(versions, [1, 2, 3]);
  t.same(seen, [2, 3, 4, 5, 6, 7, 8, 9]);
  t.same(report, {
    ...{ cohort: 'lobby', received: 10, kept: 8, trained: 6, version: 3, versions: 3, decoded: true },
  });
});

test('a sample that is missing, damaged or there twice is told', async (t) => {
  const store = await filled();
  const reading = (change: (position: number, bytes: Uint8Array | undefined) => Uint8Array | undefined): Store => {
    const log = store.log('lobby');
    const read = async (positions: readonly number[]) =>
      (await log.read(positions)).map((bytes, i) => change(positions[i] ?? 0, bytes));
    return altered(store, { log: () => ({ ...log, read }) });
  };
  t.match(await problemsOf(reading((at, bytes) => (at === 7 ? undefined : bytes))), [/1 samples .* are missing/]);
  t.match(await problemsOf(reading((at, bytes) => (at < 8 ? undefined : bytes))), [/2 samples .* are missing/]);
  t.match(await problemsOf(reading((at, bytes) => (at === 4 ? bytes?.subarray(0, 9) : bytes))), [
    /position 4 .*cannot be read/,
  ]);
  const [third] = await store.log('lobby').read([3]);
  t.match(await problemsOf(reading((at, bytes) => (at === 9 ? third : bytes))), [
    /position 9 .* stored twice .*sequence 4/,
  ]);
});

test('a head or a blob that is missing or not what it was is told', async (t) => {
  const store = await filled();
  const head = await store.head('lobby');
  t.match(await problemsOf(altered(store, { head: async () => ({ revision: 3, bytes: Uint8Array.of(1) }) })), [
    /the head of cohort lobby cannot be read/,
  ]);
  t.ok(head);
  const digests: string[] = [];
  const getting = (change: (digest: string, bytes: Uint8Array) => Uint8Array | undefined): Store =>
    altered(store, {
      blobs: {
        put: (bytes) => store.blobs.put(bytes),
        get: async (digest) => {
          digests.push(digest);
          return change(digest, (await store.blobs.get(digest)) as Uint8Array);
        },
      },
    });
  t.same(await problemsOf(getting((_, bytes) => bytes)), []);
  for (const broken of new Set(digests)) {
    const gone = await problemsOf(getting((digest, bytes) => (digest === broken ? undefined : bytes)));
    t.match(gone[0], new RegExp(`blob ${broken} .* is missing`));
    const flipped = await problemsOf(
      getting((digest, bytes) => (digest === broken ? bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) : bytes)),
    );
    t.match(flipped[0], new RegExp(`blob ${broken} .* is not what its digest says`));
  }
});
