import { BroadcastChannel } from 'node:worker_threads';
import type { LmdbTables } from './lmdb-tables.js';
import { CHANGES_KEPT, lastSerial } from './lmdb-writes.js';
import type { Change } from './store.js';

/** How late another process hears of a change. Looking costs one read of the newest key. */
const POLL_MS = 50;

interface Watcher {
  readonly changed: (change: Change) => void;
  readonly cohort: string | undefined;
  seen: number;
}

/**
 * Tells of changes. LMDB itself tells nobody, so that each transaction leaves a note under the next serial number, and
 * watchers look for notes behind the last one that they saw: at once for what this process writes, in whichever thread,
 * else every 50 ms.
 */
export class LmdbChanges {
  readonly #tables: LmdbTables;
  readonly #channel: BroadcastChannel;
  readonly #watchers = new Set<Watcher>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(tables: LmdbTables, path: string) {
    this.#tables = tables;
    this.#channel = new BroadcastChannel(`renorm store ${path}`);
    this.#channel.unref();
    this.#channel.onmessage = () => this.look();
  }

  /** Says that this store has written something. */
  written(): void {
    // A write that was under way when the store was closed has no one to tell.
    if (this.#isClosed) return;
    this.#channel.postMessage(null);
    queueMicrotask(() => this.look());
  }

  watch(changed: (change: Change) => void, cohort?: string): () => void {
    this.#tables.root.resetReadTxn();
    const watcher = { changed, cohort, seen: lastSerial(this.#tables) };
    this.#watchers.add(watcher);
    this.#timer ??= setInterval(() => this.look(), POLL_MS).unref();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#stop();
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#watchers.clear();
    this.#stop();
    this.#channel.close();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tells at once what has been written and not been told of yet. */
  look(): void {
    if (this.#watchers.size === 0) return;
    this.#tables.root.resetReadTxn();
    const last = lastSerial(this.#tables);
    for (const watcher of this.#watchers) {
      if (watcher.seen === last) continue;
      const changes = last - watcher.seen > CHANGES_KEPT ? this.#everything() : this.#since(watcher.seen);
      watcher.seen = last;
      for (const change of changes)
        if (watcher.cohort === undefined || watcher.cohort === change.cohort) watcher.changed(change);
    }
  }

  /** The newest of each log and head. */
  #since(serial: number): Iterable<Change> {
    const newest = new Map<string, Change>();
    for (const { value } of this.#tables.changes.getRange({ start: serial + 1 }))
      newest.set(`${value.what} ${value.cohort}`, value);
    return newest.values();
  }

  #everything(): Change[] {
    const { logs, heads } = this.#tables;
    const ends = [...logs.getRange()].map(({ key, value }) => ({ cohort: key, what: 'log' as const, at: value.end }));
    const revisions = [...heads.getRange()].map(({ key, value }) => ({
      ...{ cohort: key, what: 'head' as const },
      at: value.revision,
    }));
    return [...ends, ...revisions];
  }
}
