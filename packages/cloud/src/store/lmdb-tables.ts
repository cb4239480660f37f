import { type Database, type Key, open, type RootDatabase } from 'lmdb';
import type { Change } from './store.js';

/** A log without its entries. */
export interface LogRecord {
  /** Position of the oldest entry. */
  readonly start: number;
  readonly end: number;
  /** Sources that are remembered. */
  readonly sources: number;
}

export interface SourceRecord {
  /** The highest that is kept. */
  readonly sequence: number;
  /** Of its newest entry: the order in which sources are forgotten. */
  readonly position: number;
}

export interface HeadRow {
  readonly revision: number;
  readonly bytes: Uint8Array;
  readonly blobs: readonly string[];
}

/** What is in the folder. Reads see one state of it until `refresh`; `put` and `remove` are for transactions. */
export interface LmdbTables {
  readonly root: RootDatabase;
  readonly logs: Database<LogRecord, string>;
  readonly entries: Database<Uint8Array, [cohort: string, position: number]>;
  readonly sources: Database<SourceRecord, [cohort: string, source: string]>;
  /** Sources by their newest position. */
  readonly heard: Database<string, [cohort: string, position: number]>;
  readonly heads: Database<HeadRow, string>;
  readonly blobs: Database<Uint8Array, string>;
  /** Heads that name a blob. */
  readonly names: Database<number, string>;
  /** When a blob was put that no head has named since. */
  readonly waiting: Database<number, string>;
  /** The last changes by a serial number. */
  readonly changes: Database<Change, number>;
}

export function openTables(path: string): LmdbTables {
  const root = open({
    path,
    maxDbs: 24,
    // With batches per turn of the event loop, lmdb-js makes a promise of its own for each batch, which nobody can
    // catch: a write that fails, as on a full disk, would end the process.
    eventTurnBatching: false,
    // LMDB's own commit: data flushed, then the meta page, then the promise. With syncs that overlap, the promise of a
    // flush never settles when a later transaction fails, and the state after a power cut depends on the boot id of the
    // machine.
    overlappingSync: false,
  });
  return {
    root,
    logs: root.openDB({ name: 'logs' }),
    entries: root.openDB({ name: 'entries', encoding: 'binary' }),
    sources: root.openDB({ name: 'sources' }),
    heard: root.openDB({ name: 'heard' }),
    heads: root.openDB({ name: 'heads' }),
    blobs: root.openDB({ name: 'blobs', encoding: 'binary' }),
    names: root.openDB({ name: 'names' }),
    waiting: root.openDB({ name: 'waiting' }),
    changes: root.openDB({ name: 'changes' }),
  };
}

/** What is written inside a transaction goes through here, so that a test can make any one of the writes fail. */
export class Writer {
  readonly #beforeWrite: (what: string) => void;

  constructor(beforeWrite: (what: string) => void) {
    this.#beforeWrite = beforeWrite;
  }

  put<Value, Id extends Key>(table: Database<Value, Id>, id: Id, value: Value): void {
    this.#beforeWrite(`put ${String(id)}`);
    table.put(id, value);
  }

  remove<Value, Id extends Key>(table: Database<Value, Id>, id: Id): void {
    this.#beforeWrite(`remove ${String(id)}`);
    table.remove(id);
  }
}
