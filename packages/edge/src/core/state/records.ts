import {
  create,
  encodeSnapshot,
  fromBinary,
  RenormError,
  type Sample,
  SampleSchema,
  SignedMessageSchema,
  toBinary,
  VersionSchema,
} from '@renorm/protocol';
import { type ByteBudget, shifted } from '../byte-budget.js';
import type { Moment, SelectedSample } from '../effects.js';
import type { PendingSample } from '../pending-sample.js';
import type { Remembered } from '../platform.js';
import { type ProvenVersion, publishedAt } from '../versions.js';
import { encodePlain } from './plain.js';

// The records of a device's store: their keys, and what they are as bytes. `recall.ts` reads them.

/** Raised when an earlier release could not read what this one writes. */
export const STATE_FORMAT = 1;

/** Keys of the records of which there is one each. */
export const KEY = {
  /** Whose records these are. */
  identity: 'identity',
  /** The newest version and the roots. */
  trust: 'trust',
  /** The version in force. */
  version: 'version',
  /** What the selection policy remembers. */
  selection: 'selection',
  /** The session of uploads, and the last sequence in it. */
  uploads: 'uploads',
  /** What went over the link of late. */
  budget: 'budget',
  /** What the owner said of uploads. */
  consent: 'consent',
} as const;

/** What stands before the ticket in the keys of samples that wait: of what is known of them, and of what is in them. */
export const SAMPLES = 'sample/';
export const DATA = 'data/';

/** Fourteen digits hold every whole number that a double holds. */
const padded = (ticket: number): string => ticket.toString(16).padStart(14, '0');
/** What left, and why. */
export const LOG = 'log/';
export const logKey = (ticket: number): string => `${LOG}${padded(ticket)}`;
export const sampleKey = (ticket: number): string => `${SAMPLES}${padded(ticket)}`;
export const dataKey = (ticket: number): string => `${DATA}${padded(ticket)}`;

/** What a store belongs to. */
export interface Identity {
  readonly cohort: string;
  /** SHA-256 of the model file. */
  readonly modelDigest: Uint8Array;
}

export const identityRecord = ({ cohort, modelDigest }: Identity): Uint8Array =>
  encodePlain({ format: STATE_FORMAT, cohort, modelDigest });

export const trustRecord = ({ newest, vouchedBy, roots }: Remembered): Uint8Array =>
  encodePlain({ newest, vouchedBy, roots: roots.map((root) => toBinary(SignedMessageSchema, root)) });

export const uploadsRecord = (session: Uint8Array, sequence: number): Uint8Array => encodePlain({ session, sequence });

/** On the clock that people share. */
export const budgetRecord = (budget: ByteBudget, { at, date }: Moment): Uint8Array =>
  encodePlain(shifted(budget, date - at));

/** `at` is of a clock that begins anew with each run. */
export const sampleRecord = ({ at: _at, ...sample }: PendingSample): Uint8Array => encodePlain(sample);

/**
 * A version, whole: what came may build on another. The signed message that came goes beside it, and names the digest
 * of the whole. Version 0 needs no record.
 */
export function versionRecord(version: ProvenVersion, isStepBack: boolean): Uint8Array | undefined {
  if (version.number === 0) return undefined;
  const { proof } = version;
  return encodePlain({
    snapshot: toBinary(VersionSchema, encodeSnapshot({ ...version, publishedAtMs: publishedAt(version) })),
    isStepBack,
    ...(proof && { proof: toBinary(SignedMessageSchema, proof) }),
  });
}

/** What travels of a sample, but for its sequence. */
export function dataRecord({ encoded, version, entropy, selection }: SelectedSample): Uint8Array {
  const sample = { ...encoded, version: BigInt(version), entropy, ...(selection && { selection }) };
  return toBinary(SampleSchema, create(SampleSchema, sample));
}

/** @throws RenormError SAMPLE_INVALID: it is gone, or no longer what was kept */
export function readData(bytes: Uint8Array | undefined): Sample {
  try {
    if (bytes !== undefined) return fromBinary(SampleSchema, bytes);
  } catch {
    // As if it were gone.
  }
  const text = 'a sample that waited is no longer what was kept, as a failing disk leaves it, and is given up.';
  throw new RenormError('SAMPLE_INVALID', text);
}
