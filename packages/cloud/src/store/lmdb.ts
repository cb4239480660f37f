import { join } from 'node:path';
import { RenormError } from '@renorm/protocol';
import { plainBytes } from './fields.js';
import type { FreeSpace } from './free-space.js';
import { LmdbChanges } from './lmdb-changes.js';
import { migrateFormat1 } from './lmdb-format-1.js';
import { type LmdbTables, openTables, Writer } from './lmdb-tables.js';
import { append, begin, putBlob, setHead, trim } from './lmdb-writes.js';
import { sinceBoot } from './since-boot.js';
import { commitError, storageError } from './storage-error.js';
import type { Blobs, Change, Head, Log, NewHead, Store } from './store.js';

export interface LmdbStoreOptions {
  /** Called inside the transaction before each thing that it writes; what it throws undoes the transaction. */
  readonly beforeWrite?: (what: string) => void;
  /** Asked for room before each transaction, and told where there was none after all. */
  readonly space?: Pick<FreeSpace, 'admit' | 'writeFailed'>;
  /** Milliseconds, for the age of blobs: `sinceBoot` by default. */
  readonly now?: () => number;
}

/**
 * A store in a folder: LMDB, a memory-mapped B+ tree whose transactions survive the end of the process at any moment.
 * Several threads and processes may have it open.
 *
 * LMDB, because it is the one embedded store that several processes may write to, that needs no recovery after a kill,
 * and that reads without a copy of the data in the heap; SQLite has the first two and costs several times as much for
 * an append.
 */
export class LmdbStore implements Store {
  readonly blobs: Blobs = {
    put: (bytes) => this.#write((writer) => putBlob(this.#tables, writer, bytes, this.#now())),
    get: (digest) => this.#read(({ blobs }) => copied(blobs.get(digest))),
  };
  readonly #tables: LmdbTables;
  readonly #changes: LmdbChanges;
  readonly #writer: Writer;
  readonly #space: LmdbStoreOptions['space'];
  readonly #now: () => number;

  private constructor(
    tables: LmdbTables,
    path: string,
    { beforeWrite = () => undefined, space, now = sinceBoot }: LmdbStoreOptions,
  ) {
    this.#tables = tables;
    this.#changes = new LmdbChanges(tables, path);
    this.#writer = new Writer(beforeWrite);
    this.#space = space;
    this.#now = now;
  }

  /**
   * Opens the store of a data folder, and brings what the first format wrote into this one.
   *
   * @throws RenormError DISK_FULL
   */
  static async open(folder: string, options: LmdbStoreOptions = {}): Promise<LmdbStore> {
    const path = join(folder, 'store');
    try {
      const tables = openTables(path);
      const store = new LmdbStore(tables, path, options);
      await migrateFormat1(tables, (action) => store.#write(action));
      return store;
    } catch (cause) {
      throw storageError(cause);
    }
  }

  log(cohort: string): Log {
    const tables = this.#tables;
    return {
      append: (source, entries) => this.#write((writer) => append(tables, writer, cohort, source, entries)),
      read: (positions) =>
        this.#read(({ entries }) => positions.map((position) => copied(entries.get([cohort, position])))),
      end: () => this.#read(({ logs }) => logs.get(cohort)?.end ?? 0),
      begin: (at) => this.#write((writer) => begin(tables, writer, cohort, at)),
      trim: (before) => this.#write((writer) => trim(tables, writer, cohort, before)),
    };
  }

  head(cohort: string): Promise<Head | undefined> {
    return this.#read(({ heads }) => {
      const row = heads.get(cohort);
      return row && { revision: row.revision, bytes: plainBytes(row.bytes) };
    });
  }

  setHead(cohort: string, head: NewHead, revision: number): Promise<number> {
    return this.#write((writer) => setHead(this.#tables, writer, cohort, head, revision, this.#now()));
  }

  look(): void {
    this.#changes.look();
  }

  watch(changed: (change: Change) => void, cohort?: string): () => void {
    return this.#changes.watch(changed, cohort);
  }

  cohorts(): Promise<string[]> {
    return this.#read(({ logs, heads }) => [...new Set([...logs.getKeys(), ...heads.getKeys()])]);
  }

  async close(): Promise<void> {
    this.#changes.close();
    await this.#tables.root.close();
  }

  /**
   * Reads see one state of the database until they are told to look again: another thread or process may have written
   * since.
   */
  async #read<Value>(action: (tables: LmdbTables) => Value): Promise<Value> {
    try {
      this.#tables.root.resetReadTxn();
      return action(this.#tables);
    } catch (cause) {
      throw storageError(cause);
    }
  }

  /**
   * Runs a transaction; it is on disk when this resolves. What it throws, and what cannot be written, undoes all of it
   * and nothing else: transactions that start together are written together, so each is a child of what is written.
   */
  async #write<Value>(action: (writer: Writer) => Value): Promise<Value> {
    this.#space?.admit();
    try {
      const result = await this.#tables.root.childTransaction(() => action(this.#writer));
      this.#changes.written();
      return result;
    } catch (error) {
      const told = storageError(await commitError(error));
      if (told instanceof RenormError && told.code === 'DISK_FULL') this.#space?.writeFailed();
      throw told;
    }
  }
}

const copied = (bytes: Uint8Array | undefined): Uint8Array | undefined => bytes && plainBytes(bytes);
