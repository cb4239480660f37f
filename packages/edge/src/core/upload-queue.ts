import { inOrderOfSending, type PendingSample } from './pending-sample.js';
import { mostUseful, sparest } from './usefulness.js';

/** Bounds of the queue and of a batch. */
export interface QueueOptions {
  /** Samples kept at most; the least useful go first. Default 1,024. */
  readonly maxPending: number;
  /** Compressed bytes kept at most, likewise. Default 64 MiB. */
  readonly maxPendingBytes: number;
  /**
   * How long a sample may wait, in milliseconds; then it is given up. Default a week: what was seen before that says
   * little of what is seen now.
   */
  readonly maxAgeMs: number;
  /**
   * Compressed bytes in a batch at most, unless one sample alone has more: gRPC refuses messages over 4 MiB. Default 3
   * MiB.
   */
  readonly maxBatchBytes: number;
  /** How long a sample waits for a batch to fill up, in milliseconds. Default 1,000. */
  readonly lingerMs: number;
}

export const QUEUE_DEFAULTS: QueueOptions = {
  maxPending: 1024,
  maxPendingBytes: 64 * 2 ** 20,
  maxAgeMs: 7 * 86_400_000,
  maxBatchBytes: 3 * 2 ** 20,
  lingerMs: 1000,
};

/**
 * Why a sample no longer waits: the cloud has it; there was no room; it waited too long; the cloud refused it, or it
 * was damaged; it was erased.
 */
export type Departure = 'uploaded' | 'full' | 'expired' | 'refused' | 'erased';

/** A sample that no longer waits. */
export interface Left {
  readonly sample: PendingSample;
  readonly why: Departure;
}

/**
 * Samples with at most one batch of them in flight. Those that were sent before wait in front, in order of their
 * sequences; behind them the others, in the order in which they came. Plain data: each function returns another queue.
 */
export interface UploadQueue {
  readonly waiting: readonly PendingSample[];
  readonly inFlight: readonly PendingSample[];
  /** Compressed bytes of both. */
  readonly bytes: number;
  /** The last that were given. */
  readonly ticket: number;
  readonly sequence: number;
  /** Samples given up so far. */
  readonly dropped: number;
  /** Those that have left since somebody looked last. */
  readonly left: readonly Left[];
}

export const EMPTY_QUEUE: UploadQueue = {
  ...{ waiting: [], inFlight: [], bytes: 0, ticket: 0, sequence: 0, dropped: 0, left: [] },
};

/** The queue that an earlier run left behind. @param sequence the last that it gave */
export function restoredQueue(samples: readonly PendingSample[], sequence: number): UploadQueue {
  const waiting = [...samples].sort(inOrderOfSending);
  const ticket = samples.reduce((last, sample) => Math.max(last, sample.ticket), 0);
  return { ...EMPTY_QUEUE, waiting, ticket, sequence, bytes: bytesOf(samples) };
}

/** Samples waiting or in flight. */
export const pendingIn = ({ waiting, inFlight }: UploadQueue): number => waiting.length + inFlight.length;

/**
 * Takes a sample in under the next ticket. Where there is no room the least useful of those that are not in flight
 * goes.
 */
export function offer(
  queue: UploadQueue,
  sample: Omit<PendingSample, 'ticket' | 'sequence'>,
  options: QueueOptions,
): UploadQueue {
  const ticket = queue.ticket + 1;
  let next: UploadQueue = {
    ...{ ...queue, ticket, waiting: [...queue.waiting, { ...sample, ticket, sequence: 0 }] },
    bytes: queue.bytes + sample.bytes,
  };
  while (next.waiting.length > 0 && (pendingIn(next) > options.maxPending || next.bytes > options.maxPendingBytes))
    next = letGo(next, [sparest(next.waiting)], 'full');
  return next;
}

/** Counts a sample that was kept and could not be taken in. */
export const giveUp = (queue: UploadQueue): UploadQueue => ({ ...queue, dropped: queue.dropped + 1 });

/** Gives up what has waited too long. @param at now, in milliseconds of the monotonic clock */
export function expire(queue: UploadQueue, at: number, { maxAgeMs }: QueueOptions): UploadQueue {
  const until = expiryOf(queue, maxAgeMs);
  if (until === undefined || until > at) return queue;
  return letGo(
    queue,
    queue.waiting.filter((sample) => sample.at + maxAgeMs <= at),
    'expired',
  );
}

/** When the first will have waited too long. */
export function expiryOf({ waiting }: UploadQueue, maxAgeMs: number): number | undefined {
  // The oldest of those that were sent before, and of the others.
  const oldest = [waiting[0], waiting.find(({ sequence }) => sequence === 0)].map((sample) => sample?.at ?? Infinity);
  const at = Math.min(...oldest);
  return at === Infinity ? undefined : at + maxAgeMs;
}

/**
 * Milliseconds until a batch is due: 0 when one is full or its oldest sample has waited long enough; undefined when
 * nothing waits.
 *
 * @param at now, in milliseconds of the monotonic clock
 */
export function dueIn(
  { waiting }: UploadQueue,
  at: number,
  maxSamples: number,
  { lingerMs }: QueueOptions,
): number | undefined {
  const oldest = waiting[0];
  if (oldest === undefined) return undefined;
  return waiting.length >= maxSamples ? 0 : Math.max(0, oldest.at + lingerMs - at);
}

/**
 * Puts samples in flight: at least one, and more as long as they fit; those that were sent before, then the most
 * useful. They get their sequences now, in the order in which they came: sequences rise from batch to batch, whatever
 * goes first. Only when none are in flight.
 */
export function take(queue: UploadQueue, maxSamples: number, maxBytes: number): UploadQueue {
  if (queue.inFlight.length > 0) throw new Error('a batch is in flight already');
  const fresh = queue.waiting.findIndex(({ sequence }) => sequence === 0);
  const sent = fresh < 0 ? queue.waiting : queue.waiting.slice(0, fresh);
  const others = fresh < 0 ? [] : queue.waiting.slice(fresh);
  const batch: PendingSample[] = [];
  let bytes = 0;
  for (const sample of [...sent, ...mostUseful(others, maxSamples - sent.length)]) {
    bytes += sample.bytes;
    if (batch.length >= maxSamples || (batch.length > 0 && bytes > maxBytes)) break;
    batch.push(sample);
  }
  batch.sort(inOrderOfSending);
  let { sequence } = queue;
  const inFlight = batch.map((sample) => (sample.sequence > 0 ? sample : { ...sample, sequence: ++sequence }));
  return { ...queue, sequence, inFlight, waiting: without(queue.waiting, batch) };
}

/** Lets the samples in flight up to a sequence go and puts the others back in front. */
export function acknowledge(queue: UploadQueue, sequence: number): UploadQueue {
  const done = queue.inFlight.filter((sample) => sample.sequence <= sequence);
  const back = queue.inFlight.slice(done.length);
  const left = [...queue.left, ...done.map((sample) => ({ sample, why: 'uploaded' as const }))];
  return { ...queue, inFlight: [], waiting: [...back, ...queue.waiting], bytes: queue.bytes - bytesOf(done), left };
}

/** Puts the batch in flight back in front, with the same sequences. */
export const giveBack = (queue: UploadQueue): UploadQueue => acknowledge(queue, 0);

/** Gives the batch in flight up. */
export function discard(queue: UploadQueue): UploadQueue {
  const { inFlight } = queue;
  return letGo({ ...queue, inFlight: [], waiting: [...inFlight, ...queue.waiting] }, inFlight, 'refused');
}

/** Erases all that waits. What is in flight may be with the cloud already, and goes as it is answered. */
export const erase = (queue: UploadQueue): UploadQueue => letGo(queue, queue.waiting, 'erased');

/** Gives samples that wait up. */
function letGo(queue: UploadQueue, samples: readonly PendingSample[], why: Departure): UploadQueue {
  return {
    ...{ ...queue, waiting: without(queue.waiting, samples), bytes: queue.bytes - bytesOf(samples) },
    dropped: queue.dropped + samples.length,
    left: [...queue.left, ...samples.map((sample) => ({ sample, why }))],
  };
}

function without(samples: readonly PendingSample[], gone: readonly PendingSample[]): readonly PendingSample[] {
  const tickets = new Set(gone.map(({ ticket }) => ticket));
  return samples.filter(({ ticket }) => !tickets.has(ticket));
}

/** Compressed bytes of samples. */
export const bytesOf = (samples: readonly PendingSample[]): number =>
  samples.reduce((sum, { bytes }) => sum + bytes, 0);
