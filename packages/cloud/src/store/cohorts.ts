import {
  applyVersion,
  encodeSnapshot,
  equalBytes,
  fromBinary,
  type ParameterVersion,
  RenormError,
  toBinary,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { LRUCache } from 'lru-cache';
import {
  decodeHeadRecord,
  decodeSampleRecord,
  encodeHeadRecord,
  encodeSampleRecord,
  type HeadRecord,
  type StoredSample,
  type StoredVersion,
} from './records.js';
import { type Standing, StandingView } from './standing-view.js';
import type { Change, Store } from './store.js';
import { conflict, damaged } from './store-errors.js';
import { blobsOf, extended, versionsAfter } from './version-chain.js';

/** A sample of an upload; see StoredSample. */
export type AppendedSample = Omit<StoredSample, 'device' | 'session'>;

/** An upload that has been checked. */
export interface Append {
  readonly cohort: string;
  readonly device: string;
  /** Hexadecimal. */
  readonly session: string;
  /** In rising order of sequence, encoded as they came. */
  readonly samples: readonly AppendedSample[];
}

export interface Appended {
  /** The highest sequence of this session that is on disk. */
  readonly acknowledged: number;
  readonly duplicates: number;
}

/** A cohort's training state and how far in the log it came. */
export interface Checkpoint {
  /** Of the cohort's head; `commit` names the one that it goes on from. */
  readonly revision: number;
  readonly trained: number;
  /** The strategy whose state it is. */
  readonly strategy: string;
  readonly state: Uint8Array;
}

/** A version about to be published. */
export interface Publication {
  readonly latest: ParameterVersion;
  readonly stored: StoredVersion;
}

export interface Commit {
  /** Of the checkpoint that it goes on from; 0 where there was none. */
  readonly revision: number;
  readonly trained: number;
  readonly strategy: string;
  readonly state: Uint8Array;
  /** Becomes visible with the checkpoint, or neither does. */
  readonly publication?: Publication | undefined;
  /** Samples before it may be forgotten. */
  readonly keepFrom: number;
}

export interface CohortsOptions {
  /** Version 0 of the edge model: snapshots are read against it. */
  readonly exported: VersionState;
  /** Called for what went wrong after a commit had succeeded: old samples that could not be forgotten. */
  readonly onProblem?: (error: unknown) => void;
}

interface ReadHead {
  readonly revision: number;
  readonly record: HeadRecord;
}

/** Cohorts whose newest version is kept decoded. */
const DECODED_KEPT = 128;

/** Bytes of versions and chapters that are kept in memory: what a published version is joined from. */
const BLOB_CACHE_BYTES = 16 * 2 ** 20;

/**
 * The cohorts in a store: what its bytes mean, said once for all stores. Gateway, trainer and rollback know each other through this
 * and nothing below it.
 *
 * What `append` and `commit` have resolved for survives the end of the process at any moment.
 */
export class Cohorts {
  readonly #store: Store;
  readonly #exported: VersionState;
  readonly #onProblem: (error: unknown) => void;
  readonly #view: StandingView;
  readonly #watchers = new Set<(cohort: string, what: Change['what']) => void>();
  readonly #unwatch: () => void;
  readonly #heads = new LRUCache<string, ReadHead>({ max: DECODED_KEPT });
  readonly #latest = new LRUCache<string, ParameterVersion>({ max: DECODED_KEPT });
  readonly #blobs = new LRUCache<string, Uint8Array>({
    maxSize: BLOB_CACHE_BYTES,
    sizeCalculation: (bytes) => bytes.length + 64,
  });

  constructor(store: Store, { exported, onProblem = () => undefined }: CohortsOptions) {
    this.#store = store;
    this.#exported = exported;
    this.#onProblem = onProblem;
    this.#view = new StandingView(store, (cohort) => this.#readHead(cohort));
    this.#unwatch = store.watch((change) => {
      this.#view.changed(change);
      for (const watcher of this.#watchers) watcher(change.cohort, change.what);
    });
  }

  /** Cohorts that have samples or versions. Reads the store once; after that it is kept by what changes. */
  names(): Promise<string[]> {
    return this.#view.names();
  }

  /**
   * Keeps the samples that are new. A sample is known by cohort, device, session and sequence: sequences up to the highest one kept
   * of a session are duplicates.
   *
   * @throws RenormError DISK_FULL: nothing of this upload is acknowledged
   */
  async append({ cohort, device, session, samples }: Append): Promise<Appended> {
    const entries = samples.map((sample) => ({
      sequence: sample.sequence,
      bytes: encodeSampleRecord({ ...sample, device, session }),
    }));
    // A session's name has one length, so that no two pairs give one text.
    const { acknowledged, duplicates, end } = await this.#store.log(cohort).append(`${session} ${device}`, entries);
    this.#view.changed({ cohort, what: 'log', at: end });
    return { acknowledged, duplicates };
  }

  /** Reads nothing where it is known, and `watch` tells when it is another. */
  standing(cohort: string): Promise<Standing> {
    return this.#view.standing(cohort);
  }

  /** Hears at once of what has been written and not been told of yet. */
  readonly look = (): void => this.#store.look();

  /** Samples at these positions, in this order; undefined for those that have left the replay window. @throws RenormError DATA_DAMAGED */
  async samples(cohort: string, positions: readonly number[]): Promise<(StoredSample | undefined)[]> {
    const entries = await this.#store.log(cohort).read(positions);
    return entries.map(
      (bytes, i) => bytes && decodeSampleRecord(bytes, `the sample at position ${positions[i]} of cohort ${cohort}`),
    );
  }

  /** undefined for a cohort that nothing was learnt in. @throws RenormError DATA_DAMAGED */
  checkpoint(cohort: string): Promise<Checkpoint | undefined> {
    return this.#fromHead(cohort, async ({ revision, record: { trained, strategy, state } }) => {
      // What is asked next is to be of this head too, also where its change has not been told yet.
      this.#view.changed({ cohort, what: 'head', at: revision });
      return { revision, trained, strategy, state: await this.#blob(cohort, state) };
    });
  }

  /**
   * Keeps a checkpoint, and with it the version that it publishes, or neither; then forgets samples before `keepFrom`.
   *
   * @returns the revision of the new checkpoint
   * @throws RenormError CONFLICT: the cohort's checkpoint is not the one of `revision`, or its newest version not the parent of the one
   *   that is published: another trainer was first; DISK_FULL. Nothing was changed.
   */
  async commit(cohort: string, commit: Commit): Promise<number> {
    const { revision, trained, strategy, publication, keepFrom } = commit;
    const before = await this.#headAt(cohort, revision);
    if (publication !== undefined) this.#checkParent(cohort, before, publication.stored);
    // Put together, so that a store can write them together.
    const [state, published] = await Promise.all([
      this.#store.blobs.put(commit.state),
      publication && this.#published(cohort, before, publication),
    ]);
    const { latest, chapters = [], recent = [] } = published ?? before ?? { latest: undefined };
    const record: HeadRecord = { trained, strategy, state, latest, chapters, recent };
    const head = { bytes: encodeHeadRecord(record), blobs: blobsOf(record) };
    const after = await this.#store.setHead(cohort, head, revision);
    this.#heads.set(cohort, { revision: after, record });
    if (publication !== undefined) this.#latest.set(cohort, publication.latest);
    this.#view.changed({ cohort, what: 'head', at: after });
    // The commit stands. The next one trims again.
    await this.#store.log(cohort).trim(keepFrom).catch(this.#onProblem);
    return after;
  }

  /** undefined while the cohort runs the model as exported. @throws RenormError DATA_DAMAGED */
  async latest(cohort: string): Promise<ParameterVersion | undefined> {
    const { version } = await this.standing(cohort);
    if (version === undefined) return undefined;
    const known = this.#latest.get(cohort);
    // A version may say again what an earlier one said: its number is another.
    if (known?.number === version.number) return known;
    return this.#fromHead(cohort, async ({ record: { latest } }) => {
      if (latest === undefined) return undefined;
      const snapshot = await this.#blob(cohort, latest.snapshot);
      const decoded = applyVersion(this.#exported, fromBinary(VersionSchema, snapshot));
      this.#latest.set(cohort, decoded);
      return decoded;
    });
  }

  /** Versions behind a number, oldest first; old ones may be missing. @throws RenormError DATA_DAMAGED */
  async versionsAfter(cohort: string, number: number): Promise<StoredVersion[]> {
    const read = (digest: string): Promise<Uint8Array> => this.#blob(cohort, digest);
    return (await this.#fromHead(cohort, ({ record }) => versionsAfter(record, number, read))) ?? [];
  }

  /** Calls back when a cohort's log or head has changed, whoever changed it, in this process or another. @returns ends it */
  watch(changed: (cohort: string, what: Change['what']) => void): () => void {
    const watcher = (cohort: string, what: Change['what']): void => changed(cohort, what);
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Closes the store too. */
  async close(): Promise<void> {
    this.#unwatch();
    await this.#store.close();
  }

  /** What stands in the newest head and in the blobs that it names. */
  async #fromHead<Value>(cohort: string, read: (head: ReadHead) => Promise<Value>): Promise<Value | undefined> {
    for (;;) {
      const head = await this.#readHead(cohort);
      if (head === undefined) return undefined;
      try {
        return await read(head);
      } catch (error) {
        // A blob goes when a newer head no longer names it: then the newer one says what is true.
        if ((await this.#store.head(cohort))?.revision === head.revision) throw error;
      }
    }
  }

  /** What the head was at a revision that is still the newest. */
  async #headAt(cohort: string, revision: number): Promise<HeadRecord | undefined> {
    const known = this.#heads.get(cohort);
    if (known?.revision === revision) return known.record;
    const head = await this.#readHead(cohort);
    if ((head?.revision ?? 0) !== revision) throw conflict(cohort, head?.revision ?? 0, revision);
    return head?.record;
  }

  async #readHead(cohort: string): Promise<ReadHead | undefined> {
    const head = await this.#store.head(cohort);
    if (head === undefined) return undefined;
    const known = this.#heads.get(cohort);
    if (known?.revision === head.revision) return known;
    const read = { revision: head.revision, record: decodeHeadRecord(head.bytes, `the head of cohort ${cohort}`) };
    this.#heads.set(cohort, read);
    return read;
  }

  /** A trainer may have read the checkpoint after another one's commit, and the newest version before it. */
  #checkParent(cohort: string, before: HeadRecord | undefined, { number, parentDigest }: StoredVersion): void {
    const parent = before?.latest ?? this.#exported;
    if (number > parent.number && equalBytes(parentDigest, parent.digest)) return;
    throw new RenormError(
      'CONFLICT',
      `version ${number} of cohort ${cohort} does not follow ${parent.number}, its newest: another trainer was first. What was learnt in this step is given up; the next one goes on from there.`,
    );
  }

  async #published(cohort: string, before: HeadRecord | undefined, { latest, stored }: Publication) {
    const put = (bytes: Uint8Array): Promise<string> => this.#store.blobs.put(bytes);
    const { number, digest } = latest;
    const [snapshot, chain] = await Promise.all([
      put(toBinary(VersionSchema, encodeSnapshot(latest))),
      extended(before, stored, put, (blob) => this.#blob(cohort, blob)),
    ]);
    return { latest: { number, digest, snapshot }, ...chain };
  }

  async #blob(cohort: string, digest: string): Promise<Uint8Array> {
    const known = this.#blobs.get(digest);
    if (known !== undefined) return known;
    const bytes = await this.#store.blobs.get(digest);
    if (bytes === undefined) throw damaged(`the blob ${digest} of cohort ${cohort}`, 'it is not there');
    this.#blobs.set(digest, bytes);
    return bytes;
  }
}
