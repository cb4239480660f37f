import { digestBytes, toHex } from '@renorm/protocol';
import type { LmdbTables, Writer } from './lmdb-tables.js';
import {
  type Change,
  type Entry,
  type LogAppended,
  type NewHead,
  SOURCES_REMEMBERED,
  UNNAMED_KEPT_MS,
} from './store.js';
import { conflict, missingBlob, notEmpty } from './store-errors.js';

// Each of these runs inside one transaction: all of it is done or nothing.

/** Changes that are kept for those who look for them; who slept through more looks at everything. */
export const CHANGES_KEPT = 4_096;

export function append(
  tables: LmdbTables,
  writer: Writer,
  cohort: string,
  source: string,
  entries: readonly Entry[],
): LogAppended {
  const log = tables.logs.get(cohort) ?? { start: 0, end: 0, sources: 0 };
  const known = tables.sources.get([cohort, source]);
  const fresh = entries.filter(({ sequence }) => sequence > (known?.sequence ?? 0));
  const acknowledged = fresh.at(-1)?.sequence ?? known?.sequence ?? 0;
  const duplicates = entries.length - fresh.length;
  if (fresh.length === 0) return { acknowledged, duplicates, end: log.end };
  for (const [i, { bytes }] of fresh.entries()) writer.put(tables.entries, [cohort, log.end + i], bytes);
  const end = log.end + fresh.length;
  const position = end - 1;
  if (known !== undefined) writer.remove(tables.heard, [cohort, known.position]);
  writer.put(tables.heard, [cohort, position], source);
  writer.put(tables.sources, [cohort, source], { sequence: acknowledged, position });
  const sources = log.sources + (known === undefined ? 1 : 0);
  const forgotten = forgetSources(tables, writer, cohort, log.start, sources);
  writer.put(tables.logs, cohort, { ...log, end, sources: sources - forgotten });
  tell(tables, writer, { cohort, what: 'log', at: end });
  return { acknowledged, duplicates, end };
}

/** @throws RenormError CONFLICT */
export function begin(tables: LmdbTables, writer: Writer, cohort: string, at: number): void {
  if ((tables.logs.get(cohort)?.end ?? 0) > 0) throw notEmpty(cohort);
  if (at === 0) return;
  writer.put(tables.logs, cohort, { start: at, end: at, sources: 0 });
  tell(tables, writer, { cohort, what: 'log', at });
}

export function trim(tables: LmdbTables, writer: Writer, cohort: string, before: number): void {
  const log = tables.logs.get(cohort);
  if (log === undefined || before <= log.start) return;
  const start = Math.min(before, log.end);
  // Keys first: a cursor does not like what it stands on to be removed.
  for (const key of [...tables.entries.getKeys({ start: [cohort, log.start], end: [cohort, start] })])
    writer.remove(tables.entries, key);
  const forgotten = forgetSources(tables, writer, cohort, start, log.sources);
  writer.put(tables.logs, cohort, { ...log, start, sources: log.sources - forgotten });
}

/** @returns how many */
function forgetSources(tables: LmdbTables, writer: Writer, cohort: string, start: number, sources: number): number {
  const most = sources - SOURCES_REMEMBERED;
  if (most <= 0) return 0;
  const range = { start: [cohort, Number.NEGATIVE_INFINITY], end: [cohort, start], limit: most };
  const old = [...tables.heard.getRange(range as { start: [string, number]; end: [string, number]; limit: number })];
  for (const { key, value } of old) {
    writer.remove(tables.heard, key);
    writer.remove(tables.sources, [cohort, value]);
  }
  return old.length;
}

/** @param now milliseconds, of `sinceBoot` */
export function putBlob(tables: LmdbTables, writer: Writer, bytes: Uint8Array, now: number): string {
  const digest = toHex(digestBytes(bytes));
  if (!tables.blobs.doesExist(digest)) writer.put(tables.blobs, digest, bytes);
  writer.put(tables.waiting, digest, now);
  return digest;
}

/** @throws RenormError CONFLICT, DATA_DAMAGED */
export function setHead(
  tables: LmdbTables,
  writer: Writer,
  cohort: string,
  { bytes, blobs }: NewHead,
  revision: number,
  now: number,
): number {
  const before = tables.heads.get(cohort);
  if ((before?.revision ?? 0) !== revision) throw conflict(cohort, before?.revision ?? 0, revision);
  const [named, unnamed] = [new Set(blobs), new Set(before?.blobs)];
  for (const digest of named) {
    if (!tables.blobs.doesExist(digest)) throw missingBlob(cohort, digest);
    if (tables.waiting.doesExist(digest)) writer.remove(tables.waiting, digest);
    if (!unnamed.delete(digest)) writer.put(tables.names, digest, (tables.names.get(digest) ?? 0) + 1);
  }
  for (const digest of unnamed) {
    const left = (tables.names.get(digest) ?? 1) - 1;
    if (left > 0) writer.put(tables.names, digest, left);
    else {
      writer.remove(tables.names, digest);
      if (!tables.waiting.doesExist(digest)) writer.remove(tables.blobs, digest);
    }
  }
  sweep(tables, writer, now);
  writer.put(tables.heads, cohort, { revision: revision + 1, bytes, blobs: [...named] });
  tell(tables, writer, { cohort, what: 'head', at: revision + 1 });
  return revision + 1;
}

/** Blobs whose head never came: the process ended in between, or another trainer was first. There are never many. */
function sweep(tables: LmdbTables, writer: Writer, now: number): void {
  for (const { key, value } of [...tables.waiting.getRange()]) {
    // Put before the machine last started, or by a release that wrote the date here: how old it is cannot be known, so
    // its time begins anew.
    if (value > now) writer.put(tables.waiting, key, now);
    if (value > now || now - value < UNNAMED_KEPT_MS) continue;
    writer.remove(tables.waiting, key);
    if (!tables.names.doesExist(key)) writer.remove(tables.blobs, key);
  }
}

function tell(tables: LmdbTables, writer: Writer, change: Change): void {
  const serial = lastSerial(tables) + 1;
  writer.put(tables.changes, serial, change);
  if (serial > CHANGES_KEPT) writer.remove(tables.changes, serial - CHANGES_KEPT);
}

/** Of the newest change; 0 before the first. */
export function lastSerial({ changes }: LmdbTables): number {
  const [last = 0] = changes.getKeys({ reverse: true, limit: 1 });
  return last;
}
