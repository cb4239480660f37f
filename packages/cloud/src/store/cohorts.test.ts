import { type EncodedSample, exportedVersion, SampleEncoding, type VersionState } from '@renorm/protocol';
import { test } from 'tap';
import { Cohorts, type Commit, type Publication } from './cohorts.js';
import { pack } from './fields.js';
import { MemoryStore } from './memory.js';
import { publicationAfter } from './publication.test-support.js';
import { decodeSampleRecord, encodeHeadRecord } from './records.js';

const parameters = (value: number) =>
  new Map([
    ['a/gamma', Float32Array.of(value, 2)],
    ['a/mean', Float32Array.of(3, 4)],
  ]);
const exported = exportedVersion(parameters(1));
const sample = (sequence: number): EncodedSample & { readonly sequence: number } => ({
  sequence,
  encoding: SampleEncoding.UINT8,
  shape: [1, 2],
  data: Uint8Array.of(sequence, 2, 3),
});
const upload = (device: string, ...sequences: number[]) => ({
  ...{ cohort: 'lobby', device, session: 'ff' },
  samples: sequences.map(sample),
});
const commitOf = (revision: number, more: Partial<Commit> = {}): Commit => ({
  ...{ revision, trained: 0, strategy: 'cema', state: Uint8Array.of(revision), keepFrom: 0 },
  ...more,
});

const nextVersion = (parent: VersionState, value: number) => publicationAfter(parent, parameters(value));

test('samples are kept in order and come back as they were', async (t) => {
  const cohorts = new Cohorts(new MemoryStore(), { exported });
  t.same(await cohorts.append(upload('a', 1, 2)), { acknowledged: 2, duplicates: 0 });
  const read = await cohorts.samples('lobby', [1, 0, 5]);
  t.same(
    read.map((each) => each?.sequence),
    [2, 1, undefined],
  );
  t.same(read[0], { ...sample(2), device: 'a', session: 'ff', rowFilter: 0 });
});

test('what a sample says of its selection is kept with it; samples and records without it are as they were', async (t) => {
  const store = new MemoryStore();
  const cohorts = new Cohorts(store, { exported });
  const selections = [{ policy: 'cema', reason: 'kept', score: 0.1 }, { policy: 'random', reason: 'drawn' }, undefined];
  const samples = selections.map((selection, i) => ({ ...sample(i + 1), ...(selection && { selection }) }));
  await cohorts.append({ ...upload('a'), samples });
  // Of a cloud that did not know the field.
  const { sequence, ...rest } = sample(9);
  const before = pack({ ...rest, sequence, device: 'a', session: 'ff', prediction: 0 });
  await store.log('lobby').append('ff a', [{ sequence, bytes: before }]);
  const read = await cohorts.samples('lobby', [0, 1, 2, 3]);
  t.same(
    read.map((each) => each?.selection),
    [...selections, undefined],
  );
  t.same(read[3], { ...sample(9), device: 'a', session: 'ff', rowFilter: 0 });
  for (const selection of [null, 7, {}, { policy: 'a', reason: 'b', score: NaN }]) {
    const bytes = pack({ ...rest, device: 'a', session: 'ff', prediction: 0, sequence: 1, selection });
    t.throws(() => decodeSampleRecord(bytes, 'a sample'), { code: 'DATA_DAMAGED' }, JSON.stringify(selection));
  }
});

test('a batch sent twice, or in part again, counts once; other devices and sessions are their own', async (t) => {
  const cohorts = new Cohorts(new MemoryStore(), { exported });
  await cohorts.append(upload('a', 1, 2));
  t.same(await cohorts.append(upload('a', 1, 2)), { acknowledged: 2, duplicates: 2 });
  t.same(await cohorts.append(upload('a', 2, 3)), { acknowledged: 3, duplicates: 1 });
  t.same(await cohorts.append(upload('b', 1)), { acknowledged: 1, duplicates: 0 });
  t.same(await cohorts.append({ ...upload('a', 1), session: '00' }), { acknowledged: 1, duplicates: 0 });
  t.match(await cohorts.standing('lobby'), { received: 5, trained: 0, version: undefined });
});

test('a checkpoint and the version that it publishes are seen by all who share the store', async (t) => {
  const store = new MemoryStore();
  const [trainer, gateway] = [new Cohorts(store, { exported }), new Cohorts(store, { exported })];
  const heard: string[] = [];
  gateway.watch((cohort, what) => heard.push(`${cohort} ${what}`));
  await gateway.append(upload('a', 1, 2, 3));
  t.equal(await trainer.checkpoint('lobby'), undefined);
  t.equal(await gateway.latest('lobby'), undefined);
  const publication = nextVersion(exported, 8);
  const state = Uint8Array.of(9, 9);
  const revision = await trainer.commit('lobby', commitOf(0, { trained: 2, state, publication, keepFrom: 1 }));
  t.same(await trainer.checkpoint('lobby'), { revision, trained: 2, strategy: 'cema', state });
  t.same(heard, ['lobby log', 'lobby head']);
  t.match(await gateway.standing('lobby'), { received: 3, trained: 2, version: { number: 1 } });
  t.same(await gateway.latest('lobby'), publication.latest);
  t.same(await gateway.versionsAfter('lobby', 0), [publication.stored]);
  t.same(await gateway.versionsAfter('lobby', 1), []);
  t.same(
    (await gateway.samples('lobby', [0, 1])).map((each) => each?.sequence),
    [undefined, 2],
    'what left is gone',
  );
  t.same(await gateway.names(), ['lobby']);
});

test('of two trainers one commits, and what the other did leaves nothing behind', async (t) => {
  const store = new MemoryStore();
  const [one, other] = [new Cohorts(store, { exported }), new Cohorts(store, { exported })];
  const publication = nextVersion(exported, 8);
  const revision = await one.commit('lobby', commitOf(0, { publication }));
  await t.rejects(other.commit('lobby', commitOf(0, { publication: nextVersion(exported, 3) })), { code: 'CONFLICT' });
  t.same(await other.versionsAfter('lobby', 0), [publication.stored]);
  t.match(await other.checkpoint('lobby'), { revision });
  await other.commit('lobby', commitOf(revision, { publication: nextVersion(publication.latest, 3) }));
  await t.rejects(one.commit('lobby', commitOf(revision)), { code: 'CONFLICT' });
  t.match(await one.standing('lobby'), { version: { number: 2 } });
});

test('a version whose parent is not the newest one is not taken, whatever the checkpoint', async (t) => {
  const cohorts = new Cohorts(new MemoryStore(), { exported });
  const first = nextVersion(exported, 8);
  const revision = await cohorts.commit('lobby', commitOf(0, { publication: first }));
  const fork = nextVersion(exported, 3);
  const conflict = { code: 'CONFLICT', message: /does not follow 1/ };
  await t.rejects(cohorts.commit('lobby', commitOf(revision, { publication: fork })), conflict);
  const renumbered = { ...fork, stored: { ...fork.stored, number: 2 } };
  await t.rejects(cohorts.commit('lobby', commitOf(revision, { publication: renumbered })), conflict);
  t.match(await cohorts.checkpoint('lobby'), { revision });
});

test('versions are kept in a number that does not grow, and the kept ones are a chain', async (t) => {
  const store = new MemoryStore();
  const cohorts = new Cohorts(store, { exported });
  let parent: VersionState = exported;
  let revision = 0;
  const all: Publication[] = [];
  for (let i = 1; i <= 700; i++) {
    const publication = nextVersion(parent, 1 + (i % 50) / 100);
    revision = await cohorts.commit('lobby', commitOf(revision, { publication }));
    all.push(publication);
    parent = publication.latest;
  }
  const late = new Cohorts(store, { exported });
  const kept = await late.versionsAfter('lobby', 0);
  t.ok(kept.length >= 512 && kept.length < 512 + 33, `${kept.length} are kept`);
  t.same(
    kept,
    all.slice(-kept.length).map(({ stored }) => stored),
  );
  for (const number of [698, 690, 672, 671, 640, 300]) {
    const after = await late.versionsAfter('lobby', number);
    t.same(
      after.map((version) => version.number),
      all.slice(number).map(({ latest }) => latest.number),
      `after ${number}`,
    );
  }
  t.same((await late.latest('lobby'))?.digest, parent.digest);
  t.ok(((await store.head('lobby'))?.bytes.length ?? 0) < 8_192, 'a head stays small');
});

test('what the store gives back damaged is named, and what is no record is not taken for one', async (t) => {
  const store = new MemoryStore();
  const cohorts = new Cohorts(store, { exported });
  await store.log('lobby').append('x', [
    { sequence: 1, bytes: Uint8Array.of(0xc1) },
    { sequence: 2, bytes: Uint8Array.of(1) },
  ]);
  for (const position of [0, 1])
    await t.rejects(cohorts.samples('lobby', [position]), {
      code: 'DATA_DAMAGED',
      message: new RegExp(`position ${position}`),
    });
  await store.setHead('lobby', { bytes: Uint8Array.of(0x80), blobs: [] }, 0);
  await t.rejects(cohorts.checkpoint('lobby'), { code: 'DATA_DAMAGED', message: /latest of the head of cohort lobby/ });
  const head = { trained: 0, strategy: 'cema', state: 'ab', latest: undefined, chapters: [], recent: [] };
  await store.setHead('lobby', { bytes: encodeHeadRecord(head), blobs: [] }, 1);
  await t.rejects(cohorts.checkpoint('lobby'), { code: 'DATA_DAMAGED', message: /blob ab/ });
});

test('cohorts that are idle are not read again', async (t) => {
  const store = new MemoryStore();
  const reads: string[] = [];
  const counted = new Proxy(store, {
    get(target, name) {
      if (name === 'log' || name === 'head' || name === 'cohorts') reads.push(String(name));
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  for (let i = 0; i < 100; i++) await store.log(`c${i}`).append('a', [{ sequence: 1, bytes: Uint8Array.of() }]);
  const cohorts = new Cohorts(counted, { exported });
  const look = async () => {
    for (const name of await cohorts.names()) await cohorts.standing(name);
  };
  await look();
  reads.length = 0;
  await look();
  t.same(reads, []);
  await store.log('c7').append('a', [{ sequence: 2, bytes: Uint8Array.of() }]);
  await store.log('new').append('a', [{ sequence: 1, bytes: Uint8Array.of() }]);
  t.match(await cohorts.standing('c7'), { received: 2 });
  t.ok((await cohorts.names()).includes('new'));
  t.same(reads, [], 'what changed was told');
});
