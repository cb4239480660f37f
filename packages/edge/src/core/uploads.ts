import { type Receipt, RenormError, type Welcome } from '@renorm/protocol';
import { type BackoffOptions, backoffMs } from './backoff.js';
import type { PendingSample } from './pending-sample.js';
import {
  acknowledge,
  bytesOf,
  discard,
  dueIn,
  EMPTY_QUEUE,
  giveBack,
  pendingIn,
  type QueueOptions,
  take,
  type UploadQueue,
} from './upload-queue.js';

/**
 * Where the uploads of a device stand: one batch at a time, in order, each until it is acknowledged. Times are
 * monotonic.
 */
export interface Uploads {
  readonly queue: UploadQueue;
  /** Whether there is a connection that uploads go over. */
  readonly isOpen: boolean;
  /** What the cloud takes in an upload at most. */
  readonly maxSamples: number;
  /** What the next batch has at most: halved when the cloud refuses one, doubled when it takes one. */
  readonly limit: number;
  /** Likewise in bytes, after a message was too large. */
  readonly maxBytes: number;
  /** A batch is on its way. */
  readonly isSending: boolean;
  /** Whether to send without waiting for full batches. */
  readonly hurry: boolean;
  /** False while the cloud takes no more uploads; samples wait. */
  readonly hasBudget: boolean;
  /** When to ask whether there is budget again. */
  readonly askAt: number;
  /** Samples that the cloud acknowledged. */
  readonly uploaded: number;
  /** In a row. */
  readonly failures: number;
  /** Nothing is sent before. */
  readonly pausedUntil: number;
}

/** How uploads behave. */
export interface UploadTuning {
  readonly queue: QueueOptions;
  readonly backoff: BackoffOptions;
  /** Milliseconds between questions whether there is upload budget again. */
  readonly budgetRetryMs: number;
}

/** Whom a failed upload concerns. */
export interface UploadFailure {
  readonly uploads: Uploads;
  /** `connection`: it is of no use any more. `user`: something to be told. `nobody`: a smaller batch goes next. */
  readonly concerns: 'connection' | 'user' | 'nobody';
}

export const NO_UPLOADS: Uploads = {
  queue: EMPTY_QUEUE,
  ...{ isOpen: false, isSending: false, hurry: false, hasBudget: true },
  ...{ maxSamples: 1, limit: 1, maxBytes: Number.POSITIVE_INFINITY },
  ...{ askAt: 0, uploaded: 0, failures: 0, pausedUntil: 0 },
};

/**
 * Uploads may go, under the terms of the cloud. A new connection starts with whole batches, unless they are what
 * failed.
 */
export function openUploads(uploads: Uploads, terms: Welcome, at: number, { budgetRetryMs }: UploadTuning): Uploads {
  const maxSamples = terms.maxSamplesPerUpload;
  const limit = uploads.failures > 0 ? Math.min(uploads.limit, maxSamples) : maxSamples;
  const fresh = uploads.isOpen ? {} : { pausedUntil: 0, maxBytes: Number.POSITIVE_INFINITY };
  const hasBudget = terms.budgetLeft > 0;
  return { ...uploads, ...fresh, isOpen: true, maxSamples, limit, hasBudget, askAt: at + budgetRetryMs };
}

/** The connection is gone; samples wait. */
export const closeUploads = (uploads: Uploads): Uploads => ({ ...uploads, isOpen: false });

/**
 * What is to be done now: a batch to send, a question about the budget, or until when to wait (undefined: nothing
 * waits).
 */
export type UploadMove =
  | { readonly kind: 'send'; readonly uploads: Uploads; readonly batch: readonly PendingSample[] }
  | { readonly kind: 'ask' }
  | { readonly kind: 'wait'; readonly until: number | undefined };

/** What a message and a sample in it take beside the sample's data, at most. */
const MESSAGE_BYTES = 400;
const SAMPLE_BYTES = 160;

/** What a batch takes on the way. */
const wireBytes = (batch: readonly PendingSample[]): number =>
  MESSAGE_BYTES + batch.length * SAMPLE_BYTES + bytesOf(batch);

/** @param at now @param allowance bytes that a batch may take on the way */
export function nextUpload(
  uploads: Uploads,
  at: number,
  { queue: options }: UploadTuning,
  allowance: number,
): UploadMove {
  const { queue, limit, pausedUntil, askAt } = uploads;
  const due = dueIn(queue, at, limit, options);
  if (due === undefined || uploads.isSending || !uploads.isOpen) return { kind: 'wait', until: undefined };
  if (pausedUntil > at) return { kind: 'wait', until: pausedUntil };
  if (!uploads.hasBudget) return askAt > at ? { kind: 'wait', until: askAt } : { kind: 'ask' };
  if (due > 0 && !uploads.hurry) return { kind: 'wait', until: at + due };
  const maxBytes = Math.min(options.maxBatchBytes, uploads.maxBytes);
  let taken = take(queue, limit, maxBytes);
  for (let most = limit; wireBytes(taken.inFlight) > allowance; taken = take(queue, most, maxBytes)) {
    if (taken.inFlight.length === 1) return { kind: 'wait', until: undefined };
    most = Math.ceil(Math.min(most, taken.inFlight.length) / 2);
  }
  return { kind: 'send', uploads: { ...uploads, queue: taken, isSending: true }, batch: taken.inFlight };
}

/** The cloud acknowledged a batch. */
export function uploaded(uploads: Uploads, receipt: Receipt, at: number, { budgetRetryMs }: UploadTuning): Uploads {
  const queue = acknowledge(uploads.queue, receipt.acknowledgedSequence);
  const done = pendingIn(uploads.queue) - pendingIn(queue);
  if (done === 0) {
    throw new RenormError(
      'RESPONSE_INVALID',
      'the cloud answered an upload without acknowledging any of it; try again later.',
    );
  }
  return {
    ...{ ...uploads, queue, isSending: false, failures: 0, uploaded: uploads.uploaded + done },
    limit: Math.min(uploads.maxSamples, uploads.limit * 2),
    ...{ hasBudget: receipt.budgetLeft > 0, askAt: at + budgetRetryMs },
  };
}

/** An upload failed. @param random uniform in [0, 1) */
export function notUploaded(
  uploads: Uploads,
  error: RenormError,
  at: number,
  random: number,
  tuning: UploadTuning,
): UploadFailure {
  const batch = uploads.queue.inFlight;
  const half = Math.ceil(batch.length / 2);
  const back: Uploads = { ...uploads, isSending: false, queue: giveBack(uploads.queue) };
  switch (error.code) {
    case 'BUDGET_EXHAUSTED':
      return {
        uploads: { ...back, hasBudget: false, askAt: at + comeBackMs(error, tuning.budgetRetryMs) },
        concerns: 'user',
      };
    case 'MESSAGE_TOO_LARGE':
      if (batch.length === 1) return dropped(uploads);
      // By bytes, so that batches of small samples stay long, and do not grow into what was refused.
      return { uploads: { ...back, maxBytes: Math.floor(bytesOf(batch) / 2) }, concerns: 'nobody' };
    case 'SAMPLE_INVALID':
    case 'SAMPLE_OUT_OF_RANGE':
    case 'SKETCH_NOT_TAKEN':
    case 'REQUEST_INVALID':
      // The cloud refuses a batch as a whole: halve it until the sample to blame is alone, and give that one up.
      if (batch.length === 1) return dropped(uploads);
      return { uploads: { ...back, limit: half }, concerns: 'nobody' };
    case 'CLOUD_UNREACHABLE':
    case 'CLOSED':
      // Perhaps the link is too slow for a batch of that size within a call's time.
      return { uploads: { ...back, limit: half, failures: uploads.failures + 1 }, concerns: 'connection' };
    case 'REQUEST_TIMEOUT':
    case 'TOO_MANY_BYTES':
      // The way is too slow for a batch of that size, or the cloud has too little room for it: a smaller one may pass.
      return { uploads: { ...paused(back, error, at, random, tuning), limit: half }, concerns: 'user' };
    case 'MODEL_UNKNOWN':
    case 'UNAUTHENTICATED':
    case 'PERMISSION_DENIED':
      return { uploads: back, concerns: 'connection' };
    default:
      // The trouble is with uploads alone: versions go on coming.
      return { uploads: paused(back, error, at, random, tuning), concerns: 'user' };
  }
}

/** No upload goes before the wait is over, or before the cloud wants one. */
function paused(uploads: Uploads, error: RenormError, at: number, random: number, { backoff }: UploadTuning): Uploads {
  const failures = uploads.failures + 1;
  const wait = backoffMs(failures, random, backoff);
  return { ...uploads, failures, pausedUntil: at + Math.max(wait, comeBackMs(error, 0)) };
}

/** No cloud may put a device off for longer: what it said may be forged, or long out of date. */
const LONGEST_MS = 3_600_000;

/** When the cloud wants the device back, or as long as the device itself would wait. */
const comeBackMs = ({ comeBackMs: given }: RenormError, otherwise: number): number =>
  given === undefined ? otherwise : Math.min(given, LONGEST_MS);

/** The sample in flight can never be sent. */
const dropped = (uploads: Uploads): UploadFailure => ({
  uploads: { ...uploads, isSending: false, queue: discard(uploads.queue) },
  concerns: 'user',
});
