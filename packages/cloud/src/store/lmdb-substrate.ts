import { join } from 'node:path';
import {
  applyVersion,
  encodeSnapshot,
  equalBytes,
  exportedVersion,
  fromBinary,
  type ParameterVersion,
  RenormError,
  reasonOf,
  type SampleEncoding,
  toBinary,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { CohortState } from '../adaptation/cohort-state.js';
import { decodeState, type EncodedState, encodeState } from './state-codec.js';
import type {
  Append,
  Appended,
  Checkpoint,
  Progress,
  Publication,
  StoredSample,
  StoredVersion,
  Substrate,
} from './substrate.js';

interface EncodedLatest {
  readonly number: number;
  readonly digest: Uint8Array;
  /** A renorm.v1.Version message with a snapshot. */
  readonly snapshot: Uint8Array;
}

interface EncodedCheckpoint {
  readonly trained: number;
  readonly state: EncodedState;
}

/** Deltas that are kept for devices that missed some. */
const VERSIONS_KEPT = 512;

/**
 * The embedded substrate: LMDB, a memory-mapped B+ tree whose transactions survive the end of the process at any moment. Several
 * threads of one process may open the same folder.
 */
export class LmdbSubstrate implements Substrate {
  readonly #root: RootDatabase;
  readonly #samples: Database<StoredSample, [string, number]>;
  readonly #received: Database<number, string>;
  readonly #marks: Database<number, [string, string, string]>;
  readonly #checkpoints: Database<EncodedCheckpoint, string>;
  readonly #latest: Database<EncodedLatest, string>;
  readonly #versions: Database<StoredVersion, [string, number]>;
  readonly #fresh: CohortState;
  readonly #exported: VersionState;
  /** The newest version of each cohort, as far as it has been asked for. */
  readonly #decoded = new Map<string, ParameterVersion>();

  /** @param fresh state of a cohort that has learnt nothing: names and lengths of the parameters */
  constructor(folder: string, fresh: CohortState) {
    this.#fresh = fresh;
    this.#exported = exportedVersion(fresh.edge.parameters);
    this.#root = open({ path: join(folder, 'store'), maxDbs: 8 });
    this.#samples = this.#root.openDB({ name: 'samples' });
    this.#received = this.#root.openDB({ name: 'received' });
    this.#marks = this.#root.openDB({ name: 'marks' });
    this.#checkpoints = this.#root.openDB({ name: 'checkpoints' });
    this.#latest = this.#root.openDB({ name: 'latest' });
    this.#versions = this.#root.openDB({ name: 'versions' });
  }

  cohorts(): string[] {
    this.#refresh();
    return [...new Set([...this.#received.getKeys(), ...this.#latest.getKeys()])];
  }

  progress(cohort: string): Progress {
    this.#refresh();
    return { received: this.#received.get(cohort) ?? 0, trained: this.#checkpoints.get(cohort)?.trained ?? 0 };
  }

  async append({ cohort, device, session, samples }: Append): Promise<Appended> {
    const mark: [string, string, string] = [cohort, device, session];
    return this.#write(() => {
      const known = this.#marks.get(mark) ?? 0;
      const fresh = samples.filter(({ sequence }) => sequence > known);
      let position = this.#received.get(cohort) ?? 0;
      for (const { sequence, encoding, prediction = 0, shape, data } of fresh) {
        this.#samples.put([cohort, position], { device, session, sequence, encoding, prediction, shape, data });
        position += 1;
      }
      const acknowledged = fresh.at(-1)?.sequence ?? known;
      if (fresh.length > 0) {
        this.#received.put(cohort, position);
        this.#marks.put(mark, acknowledged);
      }
      return { acknowledged, duplicates: samples.length - fresh.length };
    });
  }

  read(cohort: string, positions: readonly number[]): StoredSample[] {
    this.#refresh();
    return positions.flatMap((position) => {
      const sample = this.#samples.get([cohort, position]);
      if (sample === undefined) return [];
      return [{ ...sample, encoding: sample.encoding as SampleEncoding, data: plainBytes(sample.data) }];
    });
  }

  checkpoint(cohort: string): Checkpoint | undefined {
    this.#refresh();
    const encoded = this.#checkpoints.get(cohort);
    return encoded && { trained: encoded.trained, state: decodeState(encoded.state, this.#fresh) };
  }

  async commit(
    cohort: string,
    checkpoint: Checkpoint,
    publication: Publication | undefined,
    keepFrom: number,
  ): Promise<void> {
    await this.#write(() => {
      this.#checkpoints.put(cohort, { trained: checkpoint.trained, state: encodeState(checkpoint.state) });
      for (const key of [...this.#samples.getKeys({ start: [cohort, 0], end: [cohort, keepFrom] })])
        this.#samples.remove(key);
      if (publication === undefined) return;
      const { number, digest } = publication.latest;
      const snapshot = toBinary(VersionSchema, encodeSnapshot(publication.latest));
      this.#latest.put(cohort, { number, digest, snapshot });
      this.#versions.put([cohort, number], publication.stored);
      const old = [...this.#versions.getKeys({ start: [cohort, 0], end: [cohort, number - VERSIONS_KEPT + 1] })];
      for (const key of old) this.#versions.remove(key);
    });
  }

  latest(cohort: string): ParameterVersion | undefined {
    this.#refresh();
    const encoded = this.#latest.get(cohort);
    if (encoded === undefined) return undefined;
    const known = this.#decoded.get(cohort);
    // A version may say again what an earlier one said: its number is another.
    if (known?.number === encoded.number && equalBytes(known.digest, encoded.digest)) return known;
    const version = applyVersion(this.#exported, fromBinary(VersionSchema, encoded.snapshot));
    this.#decoded.set(cohort, version);
    return version;
  }

  versionsAfter(cohort: string, number: number): StoredVersion[] {
    this.#refresh();
    const range = this.#versions.getRange({ start: [cohort, number + 1], end: [cohort, Number.MAX_SAFE_INTEGER] });
    return [...range].map(({ value }) => ({
      number: value.number,
      digest: plainBytes(value.digest),
      parentDigest: plainBytes(value.parentDigest),
      message: plainBytes(value.message),
    }));
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  /** Reads see one state of the database until they are told to look again: another thread may have written since. */
  #refresh(): void {
    this.#root.resetReadTxn();
  }

  /** Runs a transaction and waits until it is on disk. */
  async #write<T>(action: () => T): Promise<T> {
    try {
      const result = await this.#root.transaction(action);
      await this.#root.flushed;
      return result;
    } catch (cause) {
      throw storageError(cause);
    }
  }
}

/** ENOSPC, EDQUOT, and LMDB's own map limit. */
const FULL = /no space left|disk quota|MDB_MAP_FULL|mapsize/i;

/** What a failed write means to the caller. */
export function storageError(cause: unknown): unknown {
  const text = reasonOf(cause);
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (code !== 'ENOSPC' && code !== 28 && !FULL.test(text)) return cause;
  return new RenormError(
    'DISK_FULL',
    `the data folder's disk is full (${text}); nothing of this upload was acknowledged. Free some space: devices send again by themselves.`,
    { cause },
  );
}

/** A copy that is a Uint8Array and no Buffer. */
const plainBytes = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.prototype.slice.call(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
