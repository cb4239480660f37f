import type { EncodedSample, ParameterVersion } from '@renorm/protocol';
import type { CohortState } from '../adaptation/cohort-state.js';

/** A sample as it is kept: what the device sent, and who sent it. */
export interface StoredSample extends EncodedSample {
  readonly device: string;
  /** Hexadecimal. */
  readonly session: string;
  readonly sequence: number;
}

/** An upload that has been checked. */
export interface Append {
  readonly cohort: string;
  readonly device: string;
  readonly session: string;
  /** In rising order of sequence, encoded as they came. */
  readonly samples: readonly (EncodedSample & { readonly sequence: number })[];
}

export interface Appended {
  /** The highest sequence of this session that is on disk. */
  readonly acknowledged: number;
  readonly duplicates: number;
}

/** Where a cohort's log stands. Positions count from 0 for ever. */
export interface Progress {
  /** Position behind the newest sample. */
  readonly received: number;
  /** Position behind the last sample that was trained on. */
  readonly trained: number;
}

/** A cohort's training state and how far in the log it came. */
export interface Checkpoint {
  readonly trained: number;
  readonly state: CohortState;
}

/** A version as the cloud keeps it: enough to send it to who holds its parent. */
export interface StoredVersion {
  readonly number: number;
  readonly digest: Uint8Array;
  readonly parentDigest: Uint8Array;
  /** A renorm.v1.Version message with a delta. */
  readonly message: Uint8Array;
}

/** A version about to be published. */
export interface Publication {
  readonly latest: ParameterVersion;
  readonly stored: StoredVersion;
}

/**
 * Where the cloud keeps what must not be lost. The embedded one is a folder; a cluster has another behind the same interface.
 *
 * What `append` and `commit` have resolved for survives the end of the process at any moment.
 */
export interface Substrate {
  /** Cohorts that have samples or versions. */
  cohorts(): string[];
  progress(cohort: string): Progress;
  /**
   * Keeps the samples that are new. A sample is known by cohort, device, session and sequence: sequences up to the highest one kept
   * of a session are duplicates.
   *
   * @throws RenormError DISK_FULL: nothing of this upload is acknowledged
   */
  append(upload: Append): Promise<Appended>;
  /** Samples at these positions; the ones that have left the replay window are missing. */
  read(cohort: string, positions: readonly number[]): StoredSample[];
  checkpoint(cohort: string): Checkpoint | undefined;
  /** Keeps a checkpoint, and with it the version that it publishes, or neither; forgets samples before `keepFrom`. */
  commit(cohort: string, checkpoint: Checkpoint, publication: Publication | undefined, keepFrom: number): Promise<void>;
  /** undefined while the cohort runs the model as exported. */
  latest(cohort: string): ParameterVersion | undefined;
  /** Versions behind a number, oldest first; old ones may be missing. */
  versionsAfter(cohort: string, number: number): StoredVersion[];
  close(): Promise<void>;
}
