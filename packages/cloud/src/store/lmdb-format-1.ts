import type { Database, RootDatabase } from 'lmdb';
import { pack, plainBytes } from './fields.js';
import type { LmdbTables, Writer } from './lmdb-tables.js';
import { putBlob, setHead } from './lmdb-writes.js';
import {
  encodeHeadRecord,
  encodeSampleRecord,
  type HeadRecord,
  type StoredSample,
  type StoredVersion,
} from './records.js';
import { sinceBoot } from './since-boot.js';
import { blobsOf, extended } from './version-chain.js';

/** The tables of the first format, which renorm 0.1 wrote. */
interface Format1 {
  readonly samples: Database<StoredSample, [cohort: string, position: number]>;
  readonly received: Database<number, string>;
  readonly marks: Database<number, [cohort: string, device: string, session: string]>;
  readonly checkpoints: Database<{ readonly trained: number; readonly state: unknown }, string>;
  readonly latest: Database<
    { readonly number: number; readonly digest: Uint8Array; readonly snapshot: Uint8Array },
    string
  >;
  readonly versions: Database<StoredVersion, [cohort: string, number: number]>;
}

/** The strategy of all that the first format holds. */
const STRATEGY = 'cema';

/** Samples that are moved in one transaction: some megabytes of them. */
const MOVED_AT_ONCE = 256;

type Write = <Value>(action: (writer: Writer) => Value) => Promise<Value>;

/**
 * Brings what renorm 0.1 wrote into the tables of today. It may be ended at any moment, and goes on from there the next
 * time: a sample is in one place or the other, and a cohort's checkpoint, versions and sessions move together, when its
 * samples have. Two processes may do it at the same time, for which the emptied tables stay: one of them may have them
 * open.
 */
export async function migrateFormat1(tables: LmdbTables, write: Write): Promise<void> {
  // LMDB's own table of tables: opening one that is not there would make it.
  const there = new Set(tables.root.getKeys() as Iterable<string>);
  if (!there.has('samples')) return;
  const old = openFormat1(tables.root);
  const cohorts = (): Set<string> =>
    new Set([...old.received.getKeys(), ...old.latest.getKeys(), ...old.checkpoints.getKeys()]);
  for (const cohort of await write(cohorts)) {
    while ((await write((writer) => moveSamples(old, tables, writer, cohort))) === MOVED_AT_ONCE);
    await moveRest(old, tables, write, cohort);
  }
}

function openFormat1(root: RootDatabase): Format1 {
  return {
    samples: root.openDB({ name: 'samples' }),
    received: root.openDB({ name: 'received' }),
    marks: root.openDB({ name: 'marks' }),
    checkpoints: root.openDB({ name: 'checkpoints' }),
    latest: root.openDB({ name: 'latest' }),
    versions: root.openDB({ name: 'versions' }),
  };
}

/** The keys of a cohort's samples, or versions. */
const positionsOf = (cohort: string) => ({ start: [cohort, 0], end: [cohort, Number.MAX_SAFE_INTEGER] });

/** @returns how many */
function moveSamples(old: Format1, tables: LmdbTables, writer: Writer, cohort: string): number {
  const samples = [...old.samples.getRange({ ...positionsOf(cohort), limit: MOVED_AT_ONCE })];
  for (const { key, value } of samples) {
    const position = key[1];
    writer.put(tables.entries, key, encodeSampleRecord({ ...value, data: plainBytes(value.data) }));
    hear(tables, writer, cohort, `${value.session} ${value.device}`, value.sequence, position);
    writer.remove(old.samples, key);
  }
  return samples.length;
}

async function moveRest(old: Format1, tables: LmdbTables, write: Write, cohort: string): Promise<void> {
  // Chapters are bound with promises, which a transaction cannot wait for: what goes into them is made first, and kept
  // as blobs.
  const head = await headOf(old, tables, write, cohort);
  await write((writer) => {
    // Another process may have been here in the meantime.
    if (!old.received.doesExist(cohort) && !old.checkpoints.doesExist(cohort)) return;
    moveLog(old, tables, writer, cohort);
    if (head !== undefined && tables.heads.get(cohort) === undefined)
      setHead(tables, writer, cohort, { bytes: encodeHeadRecord(head), blobs: blobsOf(head) }, 0, sinceBoot());
    for (const key of [...old.versions.getKeys(positionsOf(cohort))]) writer.remove(old.versions, key);
    for (const table of [old.latest, old.checkpoints, old.received]) writer.remove<unknown, string>(table, cohort);
  });
}

/** undefined for a cohort in which nothing was learnt. */
async function headOf(old: Format1, tables: LmdbTables, write: Write, cohort: string): Promise<HeadRecord | undefined> {
  const put = (bytes: Uint8Array): Promise<string> => write((writer) => putBlob(tables, writer, bytes, sinceBoot()));
  const { checkpoint, latest, versions } = await write(() => ({
    checkpoint: old.checkpoints.get(cohort),
    latest: old.latest.get(cohort),
    versions: [...old.versions.getRange(positionsOf(cohort))],
  }));
  if (checkpoint === undefined) return undefined;
  let chain: Pick<HeadRecord, 'chapters' | 'recent'> = { chapters: [], recent: [] };
  for (const { value } of versions) {
    const { number, digest, parentDigest, message } = value;
    const version = { number, digest: plainBytes(digest), parentDigest: plainBytes(parentDigest), message };
    chain = await extended(chain, version, put, async (blob) => plainBytes(tables.blobs.get(blob) ?? new Uint8Array()));
  }
  return {
    trained: checkpoint.trained,
    strategy: STRATEGY,
    // The record as it was: the strategy reads it as its own.
    state: await put(pack(checkpoint.state)),
    latest: latest && {
      number: latest.number,
      digest: plainBytes(latest.digest),
      snapshot: await put(plainBytes(latest.snapshot)),
    },
    ...chain,
  };
}

function moveLog(old: Format1, tables: LmdbTables, writer: Writer, cohort: string): void {
  const end = old.received.get(cohort) ?? 0;
  const [first] = tables.entries.getKeys({ start: [cohort, 0], end: [cohort, end], limit: 1 });
  // Sessions without a sample in the log: heard of before all others.
  let before = 0;
  for (const { key, value } of [...old.marks.getRange({ start: [cohort, '', ''], end: [cohort, '\uffff', ''] })]) {
    const [, device, session] = key;
    const source = `${session} ${device}`;
    const known = tables.sources.get([cohort, source]);
    if (known === undefined) before -= 1;
    hear(tables, writer, cohort, source, value, known?.position ?? before);
    writer.remove(old.marks, key);
  }
  const sources = tables.sources.getKeysCount({ start: [cohort, ''], end: [cohort, '\uffff'] });
  writer.put(tables.logs, cohort, { start: first?.[1] ?? end, end, sources });
}

function hear(
  { heard, sources }: LmdbTables,
  writer: Writer,
  cohort: string,
  source: string,
  sequence: number,
  position: number,
): void {
  const known = sources.get([cohort, source]);
  if (known !== undefined) writer.remove(heard, [cohort, known.position]);
  writer.put(heard, [cohort, position], source);
  writer.put(sources, [cohort, source], { sequence, position });
}
