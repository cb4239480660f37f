import { digestBytes, toHex } from '@renorm/protocol';
import {
  type Blobs,
  type Change,
  type Entry,
  type Head,
  type Log,
  type LogAppended,
  type NewHead,
  SOURCES_REMEMBERED,
  type Store,
  UNNAMED_KEPT_MS,
} from './store.js';
import { conflict, missingBlob, notEmpty } from './store-errors.js';

interface MemoryLog {
  readonly entries: Map<number, Uint8Array>;
  start: number;
  end: number;
  /** By source, the one heard of last at the end. */
  readonly sources: Map<string, { readonly sequence: number; readonly position: number }>;
}

interface MemoryBlob {
  readonly bytes: Uint8Array;
  /** Heads that name it. */
  names: number;
}

export interface MemoryStoreOptions {
  /** Called before each thing that is written, so that a test can make it fail. */
  readonly beforeWrite?: (what: string) => void;
  /** Milliseconds, for the age of blobs: `performance.now` by default, which nobody can set. */
  readonly now?: () => number;
}

/** A store that lasts as long as the process: for tests and evaluation. Several `Cohorts` may share one. */
export class MemoryStore implements Store {
  readonly blobs: Blobs = { put: (bytes) => this.#put(bytes), get: async (digest) => this.#blobs.get(digest)?.bytes };
  readonly #logs = new Map<string, MemoryLog>();
  readonly #heads = new Map<string, Head & { readonly blobs: readonly string[] }>();
  readonly #blobs = new Map<string, MemoryBlob>();
  /** When they were put: blobs that no head has named since, oldest first. */
  readonly #waiting = new Map<string, number>();
  readonly #watchers = new Set<(change: Change) => void>();
  readonly #write: (what: string) => void;
  readonly #now: () => number;

  constructor({ beforeWrite = () => undefined, now = () => performance.now() }: MemoryStoreOptions = {}) {
    this.#write = beforeWrite;
    this.#now = now;
  }

  log(cohort: string): Log {
    return {
      append: (source, entries) => this.#append(cohort, source, entries),
      read: async (positions) => positions.map((position) => this.#logs.get(cohort)?.entries.get(position)),
      end: async () => this.#logs.get(cohort)?.end ?? 0,
      begin: (at) => this.#begin(cohort, at),
      trim: (before) => this.#trim(cohort, before),
    };
  }

  async head(cohort: string): Promise<Head | undefined> {
    const head = this.#heads.get(cohort);
    return head && { revision: head.revision, bytes: head.bytes };
  }

  async setHead(cohort: string, { bytes, blobs }: NewHead, revision: number): Promise<number> {
    const before = this.#heads.get(cohort);
    if ((before?.revision ?? 0) !== revision) throw conflict(cohort, before?.revision ?? 0, revision);
    const missing = blobs.find((digest) => !this.#blobs.has(digest));
    if (missing !== undefined) throw missingBlob(cohort, missing);
    this.#write('head');
    this.#heads.set(cohort, { revision: revision + 1, bytes: bytes.slice(), blobs: [...new Set(blobs)] });
    this.#rename(before?.blobs ?? [], new Set(blobs));
    this.#tell({ cohort, what: 'head', at: revision + 1 });
    return revision + 1;
  }

  /** Watchers hear of everything when it is written. */
  look(): void {}

  watch(changed: (change: Change) => void, cohort?: string): () => void {
    const watcher = (change: Change): void => {
      if (cohort === undefined || change.cohort === cohort) changed(change);
    };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async cohorts(): Promise<string[]> {
    return [...new Set([...this.#logs.keys(), ...this.#heads.keys()])];
  }

  async close(): Promise<void> {
    this.#watchers.clear();
  }

  async #append(cohort: string, source: string, entries: readonly Entry[]): Promise<LogAppended> {
    const log = this.#logs.get(cohort) ?? { entries: new Map(), start: 0, end: 0, sources: new Map() };
    const known = log.sources.get(source)?.sequence ?? 0;
    const fresh = entries.filter(({ sequence }) => sequence > known);
    const acknowledged = fresh.at(-1)?.sequence ?? known;
    if (fresh.length > 0) {
      for (const { sequence } of fresh) this.#write(`entry ${sequence}`);
      this.#logs.set(cohort, log);
      for (const { bytes } of fresh) log.entries.set(log.end++, bytes.slice());
      log.sources.delete(source);
      log.sources.set(source, { sequence: acknowledged, position: log.end - 1 });
      forgetSources(log);
      this.#tell({ cohort, what: 'log', at: log.end });
    }
    return { acknowledged, duplicates: entries.length - fresh.length, end: log.end };
  }

  async #begin(cohort: string, at: number): Promise<void> {
    if ((this.#logs.get(cohort)?.end ?? 0) > 0) throw notEmpty(cohort);
    if (at === 0) return;
    this.#write('begin');
    this.#logs.set(cohort, { entries: new Map(), start: at, end: at, sources: new Map() });
    this.#tell({ cohort, what: 'log', at });
  }

  async #trim(cohort: string, before: number): Promise<void> {
    const log = this.#logs.get(cohort);
    if (log === undefined || before <= log.start) return;
    this.#write('trim');
    for (; log.start < Math.min(before, log.end); log.start++) log.entries.delete(log.start);
    forgetSources(log);
  }

  async #put(bytes: Uint8Array): Promise<string> {
    const digest = toHex(digestBytes(bytes));
    this.#write('blob');
    this.#blobs.set(digest, this.#blobs.get(digest) ?? { bytes: bytes.slice(), names: 0 });
    this.#waiting.delete(digest);
    this.#waiting.set(digest, this.#now());
    return digest;
  }

  #rename(before: readonly string[], after: ReadonlySet<string>): void {
    for (const digest of after) {
      (this.#blobs.get(digest) as MemoryBlob).names += 1;
      this.#waiting.delete(digest);
    }
    for (const digest of before) {
      (this.#blobs.get(digest) as MemoryBlob).names -= 1;
      this.#drop(digest);
    }
    const old = this.#now() - UNNAMED_KEPT_MS;
    for (const [digest, since] of this.#waiting) {
      if (since > old) return;
      this.#waiting.delete(digest);
      this.#drop(digest);
    }
  }

  /** Unless a head names it or may yet. */
  #drop(digest: string): void {
    if (this.#blobs.get(digest)?.names === 0 && !this.#waiting.has(digest)) this.#blobs.delete(digest);
  }

  /** Later, as a change in another process is heard of: nobody may rely on hearing of it before the writer goes on. */
  #tell(change: Change): void {
    queueMicrotask(() => {
      for (const watcher of this.#watchers) watcher(change);
    });
  }
}

function forgetSources({ sources, start }: MemoryLog): void {
  for (const [source, { position }] of sources) {
    if (sources.size <= SOURCES_REMEMBERED || position >= start) return;
    sources.delete(source);
  }
}
