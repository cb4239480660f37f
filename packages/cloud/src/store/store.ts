/**
 * Where the cloud keeps what must not be lost: bytes in, bytes out. What they mean is said in `cohorts.ts`, once for
 * all stores; who writes a driver implements this and runs `contract.test-support.ts` against it.
 *
 * The one commit point is a cohort's head, set by compare-and-set: blobs first, then the head that names them, as in
 * git. Nothing else has to be atomic over two keys, so that stores without transactions fit
 * (docs/decisions/0002-store-seam.md).
 */
export interface Store {
  /** The samples of a cohort. Costs nothing until it is used. */
  log(cohort: string): Log;
  readonly blobs: Blobs;
  /** undefined before the first `setHead`. */
  head(cohort: string): Promise<Head | undefined>;
  /**
   * Replaces a cohort's head. Durable when it resolves, with every blob that it names.
   *
   * @param revision of the head that it replaces; 0: there is none yet
   * @returns the new head's revision: higher than any before it
   * @throws RenormError CONFLICT: the head has another revision, somebody else was first; DATA_DAMAGED: a blob that it
   *   names is not there; DISK_FULL. Nothing was changed.
   */
  setHead(cohort: string, head: NewHead, revision: number): Promise<number>;
  /**
   * Calls back for every change after this call, whoever made it, in this process or another, this store's own changes
   * included. Changes that follow each other closely may come as one.
   *
   * @param cohort only its changes; default: those of all
   * @returns ends it
   */
  watch(changed: (change: Change) => void, cohort?: string): () => void;
  /** Calls watchers back at once for what has been written and not been told of yet. */
  look(): void;
  /** Names that have a log or a head, in no order. */
  cohorts(): Promise<string[]>;
  close(): Promise<void>;
}

/** An append-only sequence of entries with positions 0, 1, 2, … for ever. */
export interface Log {
  /**
   * Keeps the entries that are new, all of them or none. Durable when it resolves. An entry is known by its source and
   * its sequence: sequences up to the highest one kept of a source are duplicates.
   *
   * A source is remembered while one of its entries is in the log, and beyond that as long as it is among the
   * `SOURCES_REMEMBERED` heard of last in its cohort. After that its entries would count as new.
   *
   * @param entries in rising order of sequence
   * @throws RenormError DISK_FULL: nothing was kept
   */
  append(source: string, entries: readonly Entry[]): Promise<LogAppended>;
  /** Entries at these positions, in this order; undefined where there is none, or none any more. */
  read(positions: readonly number[]): Promise<(Uint8Array | undefined)[]>;
  /** Position behind the newest entry; 0 for a log that was never written. */
  end(): Promise<number>;
  /**
   * Begins an empty log at a position, like one that was trimmed up to there: for what comes from another store.
   *
   * @throws RenormError CONFLICT: it is not empty
   */
  begin(at: number): Promise<void>;
  /** Forgets the entries before a position. They may be there for a while yet. */
  trim(before: number): Promise<void>;
}

export interface Entry {
  /** 1 or more. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

export interface LogAppended {
  /** The highest sequence of this source that is kept. */
  readonly acknowledged: number;
  readonly duplicates: number;
  /** The log's end after it. */
  readonly end: number;
}

/**
 * Bytes by their digest. They stay while a head names them; what no head names goes, though not at once: see
 * `UNNAMED_KEPT_MS`.
 */
export interface Blobs {
  /** Keeping the same bytes again changes nothing. @returns hexadecimal SHA-256 @throws RenormError DISK_FULL */
  put(bytes: Uint8Array): Promise<string>;
  get(digest: string): Promise<Uint8Array | undefined>;
}

export interface Head {
  /** 1 or more. */
  readonly revision: number;
  readonly bytes: Uint8Array;
}

export interface NewHead {
  readonly bytes: Uint8Array;
  /** Digests of the blobs that have to stay while this is the head. */
  readonly blobs: readonly string[];
}

/** The newest state of what changed: the log's end, or the head's revision. */
export interface Change {
  readonly cohort: string;
  readonly what: 'log' | 'head';
  readonly at: number;
}

/** Sources remembered in a cohort beyond those that have an entry in the log: a device sends again within minutes or hours, not after
 * thousands of others were heard. */
export const SOURCES_REMEMBERED = 4_096;

/** A blob that was put may wait so long for the head that names it. */
export const UNNAMED_KEPT_MS = 3_600_000;
