import { RenormError } from './errors.js';
import type { AnnounceResponse, UploadResponse, Version, WatchResponse } from './gen/renorm/v1/adaptation_pb.js';
import type { SignedMessage } from './gen/renorm/v1/trust_pb.js';
import { parseReference, type Reference } from './identifiers.js';
import { safeNumber } from './safe-number.js';

/** An AnnounceResponse, checked. */
export interface Welcome {
  /** The newest version of the cohort. */
  readonly latest: Reference;
  /** At least 1. */
  readonly maxSamplesPerUpload: number;
  /** Share of the cohort's upload budget, 0 to 1. */
  readonly budgetLeft: number;
  /** Successors of the root that was named; not checked yet. At most 64. */
  readonly roots: readonly SignedMessage[];
}

const MAX_ROOTS = 64;

/** An UploadResponse, checked. */
export interface Receipt {
  /** Every sample of the session up to this one is on disk. */
  readonly acknowledgedSequence: number;
  readonly duplicates: number;
  /** Share of the cohort's upload budget, 0 to 1. */
  readonly budgetLeft: number;
}

/** @throws RenormError RESPONSE_INVALID */
export function parseAnnounceResponse(response: AnnounceResponse): Welcome {
  if (response.maxSamplesPerUpload < 1) throw invalid('takes no samples at all in an upload');
  if (response.roots.length > MAX_ROOTS) throw invalid(`sent ${response.roots.length} roots, more than ${MAX_ROOTS}`);
  return {
    latest: parseReference('latest', response.latest, 'RESPONSE_INVALID'),
    maxSamplesPerUpload: response.maxSamplesPerUpload,
    budgetLeft: parseBudget(response.budgetLeft),
    roots: response.roots,
  };
}

/** @throws RenormError RESPONSE_INVALID */
export function parseUploadResponse(response: UploadResponse): Receipt {
  return {
    acknowledgedSequence: safeNumber(response.acknowledgedSequence, 'acknowledged sequence', 'RESPONSE_INVALID'),
    duplicates: response.duplicates,
    budgetLeft: parseBudget(response.budgetLeft),
  };
}

/** The version of a WatchResponse; `applyVersion` checks what is in it. @throws RenormError RESPONSE_INVALID */
export function parseWatchResponse(response: WatchResponse): Version {
  if (response.version === undefined) throw invalid('sent a WatchResponse without a version');
  return response.version;
}

function parseBudget(share: number): number {
  if (share >= 0 && share <= 1) return share;
  throw invalid(`says that ${share} of the budget is left, which is not a share from 0 to 1`);
}

function invalid(text: string): RenormError {
  return new RenormError('RESPONSE_INVALID', `the cloud ${text}; check that device and cloud run the same release.`);
}
