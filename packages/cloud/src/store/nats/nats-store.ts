import type { RenormError } from '@renorm/protocol';
import { LRUCache } from 'lru-cache';
import { Fields, pack } from '../fields.js';
import type { FreeSpace } from '../free-space.js';
import type { Blobs, Change, Head, Log, NewHead, Store } from '../store.js';
import { conflict, missingBlob } from '../store-errors.js';
import { Cluster } from './cluster.js';
import { ClusterBlobs } from './cluster-blobs.js';
import { isOutrun } from './cluster-error.js';
import { CohortLog } from './cohort-log.js';
import { cohortOf, numberOf, pieceOf, tokenOf } from './headers.js';
import { follow } from './tail.js';

export interface NatsStoreOptions {
  /** Called before each message that is written; what it throws ends the write. */
  readonly beforeWrite?: (what: string) => void;
  /** Asked for room before each write, and told where there was none. */
  readonly space?: Pick<FreeSpace, 'admit' | 'writeFailed'>;
  /** Told when the server is lost, and when it is there again. */
  readonly onAway?: (error: RenormError | undefined) => void;
  /** Milliseconds, for the age of blobs. */
  readonly now?: () => number;
}

/** Cohorts whose log is known: which message holds which position. */
const LOGS_KEPT = 4_096;
/** Bytes of samples that are kept in memory: a trainer reads the same ones again and again. */
const BODIES_BYTES = 64 * 2 ** 20;

/**
 * A store on NATS JetStream: any number of gateways and trainers, on any machines, share it. A stream of samples, one
 * of heads and blobs; docs/decisions/0020-nats.md says what stands where and why.
 */
export class NatsStore implements Store {
  readonly blobs: Blobs;
  readonly cluster: Cluster;
  readonly #blobs: ClusterBlobs;
  readonly #write: (what: string) => void;
  readonly #space: NatsStoreOptions['space'];
  readonly #logs = new LRUCache<string, CohortLog>({ max: LOGS_KEPT });
  readonly #bodies = new LRUCache<number, readonly Uint8Array[]>({
    maxSize: BODIES_BYTES,
    sizeCalculation: (entries) => entries.reduce((sum, { length }) => sum + length, 64),
  });
  readonly #watchers = new Set<(change: Change) => void>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #tails: (() => Promise<void>)[] = [];

  private constructor(cluster: Cluster, { beforeWrite = () => undefined, space, now = Date.now }: NatsStoreOptions) {
    this.cluster = cluster;
    this.#write = beforeWrite;
    this.#space = space;
    this.#blobs = new ClusterBlobs({ cluster, beforeWrite, now });
    this.blobs = {
      put: (bytes) => this.#guarded(() => this.#blobs.put(bytes)),
      get: (digest) => this.#blobs.get(digest),
    };
  }

  /** @throws RenormError REQUEST_INVALID (the URL), STORE_UNREACHABLE, DISK_FULL, CREDENTIALS_UNREADABLE */
  static async open(url: string, options: NatsStoreOptions = {}): Promise<NatsStore> {
    const cluster = await Cluster.open(url);
    try {
      const store = new NatsStore(cluster, options);
      await store.#follow();
      if (options.onAway) void cluster.watchConnection(options.onAway);
      return store;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  log(cohort: string): Log {
    const log = (): CohortLog => this.#log(cohort);
    return {
      append: (source, entries) => this.#guarded(() => log().append(source, entries)),
      read: (positions) => log().read(positions),
      end: () => log().end(),
      begin: (at) => this.#guarded(() => log().begin(at)),
      trim: (before) => this.#guarded(() => log().trim(before)),
    };
  }

  async head(cohort: string): Promise<Head | undefined> {
    const head = await this.#readHead(cohort);
    return head && { revision: head.revision, bytes: head.bytes };
  }

  setHead(cohort: string, head: NewHead, revision: number): Promise<number> {
    return this.#guarded(() => this.#setHead(cohort, head, revision));
  }

  /** What was written is told as soon as the server has told it: nothing is to be looked for. */
  look(): void {}

  watch(changed: (change: Change) => void, cohort?: string): () => void {
    const watcher = (change: Change): void => {
      if (cohort === undefined || change.cohort === cohort) changed(change);
    };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  async cohorts(): Promise<string[]> {
    const { cluster } = this;
    const [logs, heads] = await Promise.all([
      cluster.subjects(cluster.logs, `${cluster.name}.log.*.entry`),
      cluster.subjects(cluster.state, `${cluster.name}.head.*`),
    ]);
    const tokens = [...logs, ...heads].map((subject) => subject.split('.')[2]);
    return [...new Set(tokens)].map(cohortOf);
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    await Promise.allSettled(this.#underWay);
    await Promise.all(this.#tails.splice(0).map((end) => end()));
    await this.cluster.close();
  }

  /** Lets what no head names go now. */
  async sweep(): Promise<void> {
    await this.#blobs.sweep(() => this.#named(), true);
  }

  #log(cohort: string): CohortLog {
    const { cluster } = this;
    const known = this.#logs.get(cohort);
    if (known !== undefined) return known;
    const log = new CohortLog({ cluster, bodies: this.#bodies, beforeWrite: this.#write }, cohort);
    this.#logs.set(cohort, log);
    return log;
  }

  async #setHead(cohort: string, { bytes, blobs }: NewHead, revision: number): Promise<number> {
    const before = await this.#readHead(cohort);
    if ((before?.revision ?? 0) !== revision) throw conflict(cohort, before?.revision ?? 0, revision);
    const named = new Set(blobs);
    const known = new Set(before?.blobs);
    for (const digest of named)
      if (!known.has(digest) && !(await this.#blobs.has(digest))) throw missingBlob(cohort, digest);
    this.#write('head');
    const after = await this.#publishHead(cohort, pack({ bytes, blobs: [...named] }), revision);
    this.#blobs.left(
      [...known].filter((digest) => !named.has(digest)),
      revision,
    );
    this.#later(this.#blobs.sweep(() => this.#named()));
    return after;
  }

  async #publishHead(cohort: string, bytes: Uint8Array, revision: number): Promise<number> {
    try {
      return await this.cluster.publish({ subject: this.#headSubject(cohort), bytes, after: revision });
    } catch (error) {
      if (!isOutrun(error)) throw error;
      const now = await this.#readHead(cohort);
      throw conflict(cohort, now?.revision ?? 0, revision);
    }
  }

  async #readHead(cohort: string) {
    const { cluster } = this;
    const message = await cluster.get(cluster.state, { last: this.#headSubject(cohort) });
    if (message === undefined) return undefined;
    const record = Fields.unpack(message.data, `the head of cohort ${cohort}`);
    return { revision: message.seq, bytes: record.bytes('bytes'), blobs: record.texts('blobs') };
  }

  /** All blobs that a head names. */
  async #named(): Promise<ReadonlySet<string>> {
    const { cluster } = this;
    const named = new Set<string>();
    for (const subject of await cluster.subjects(cluster.state, `${cluster.name}.head.*`))
      for (const digest of (await this.#readHead(cohortOf(subject.split('.')[2])))?.blobs ?? []) named.add(digest);
    return named;
  }

  /** Hears of every upload, trim and head, whoever wrote it. */
  async #follow(): Promise<void> {
    const { cluster } = this;
    const [lastLog, lastState] = await Promise.all([cluster.lastOf(cluster.logs), cluster.lastOf(cluster.state)]);
    const logs = { stream: cluster.logs, subject: `${cluster.name}.log.*.*`, from: lastLog + 1 };
    const heads = { stream: cluster.state, subject: `${cluster.name}.head.*`, from: lastState + 1 };
    this.#tails.push(
      await follow(cluster, logs, ({ subject, headers, seq }) => {
        const [, , token, kind] = subject.split('.');
        const cohort = cohortOf(token);
        const log = this.#logs.peek(cohort);
        if (kind === 'marks') return log?.heardTrim(numberOf(headers, 'Renorm-Start') ?? 0, seq);
        const piece = pieceOf(headers, seq);
        if (piece === undefined) return;
        log?.heard(piece);
        this.#tell({ cohort, what: 'log', at: piece.first + piece.count });
      }),
      await follow(cluster, heads, ({ subject, seq }) =>
        this.#tell({ cohort: cohortOf(subject.split('.')[2]), what: 'head', at: seq }),
      ),
    );
  }

  #tell(change: Change): void {
    for (const watcher of this.#watchers) watcher(change);
  }

  /** Runs a write: where there is room, and to its end also when the store is closed meanwhile. */
  async #guarded<Value>(action: () => Promise<Value>): Promise<Value> {
    this.#space?.admit();
    const running = action();
    this.#later(running);
    try {
      return await running;
    } catch (error) {
      if ((error as { code?: unknown }).code === 'DISK_FULL') this.#space?.writeFailed();
      throw error;
    }
  }

  #later(running: Promise<unknown>): void {
    this.#underWay.add(running);
    running.catch(() => undefined).finally(() => this.#underWay.delete(running));
  }

  #headSubject(cohort: string): string {
    return `${this.cluster.name}.head.${tokenOf(cohort)}`;
  }
}
