import type { EncodedSample, Selection } from '@renorm/protocol';

/** A sample that waits to be uploaded. */
export interface PendingSample {
  /** From 1, rising; names the sample within the session for ever. */
  readonly sequence: number;
  readonly encoded: EncodedSample;
  /** The version that made the prediction. */
  readonly version: number;
  /** Of the prediction, in nats. */
  readonly entropy: number;
  /** Why it was selected. */
  readonly selection?: Selection;
  /** When it was taken in, in milliseconds of the monotonic clock. */
  readonly at: number;
}

/** Bounds of the queue and of a batch. */
export interface QueueOptions {
  /** Samples kept at most; the oldest go first. Default 1,024. */
  readonly maxPending: number;
  /** Compressed bytes kept at most, likewise. Default 64 MiB. */
  readonly maxPendingBytes: number;
  /** Compressed bytes in a batch at most, unless one sample alone has more: gRPC refuses messages over 4 MiB. Default 3 MiB. */
  readonly maxBatchBytes: number;
  /** How long a sample waits for a batch to fill up, in milliseconds. Default 1,000. */
  readonly lingerMs: number;
}

export const QUEUE_DEFAULTS: QueueOptions = {
  maxPending: 1024,
  maxPendingBytes: 64 * 2 ** 20,
  maxBatchBytes: 3 * 2 ** 20,
  lingerMs: 1000,
};

/**
 * Samples in the order in which they came, with at most one batch of them in flight. Full, it drops the oldest that is not
 * in flight. Plain data: each function returns another queue.
 */
export interface UploadQueue {
  readonly waiting: readonly PendingSample[];
  readonly inFlight: readonly PendingSample[];
  /** Compressed bytes of both. */
  readonly bytes: number;
  /** The last that was given. */
  readonly sequence: number;
  /** Samples given up so far: the queue was full, or the cloud refused them. */
  readonly dropped: number;
}

export const EMPTY_QUEUE: UploadQueue = { waiting: [], inFlight: [], bytes: 0, sequence: 0, dropped: 0 };

/** Samples waiting or in flight. */
export const pendingIn = ({ waiting, inFlight }: UploadQueue): number => waiting.length + inFlight.length;

/** Takes a sample in and gives it its sequence. */
export function offer(queue: UploadQueue, sample: Omit<PendingSample, 'sequence'>, options: QueueOptions): UploadQueue {
  const sequence = queue.sequence + 1;
  const waiting = [...queue.waiting, { ...sample, sequence }];
  let bytes = queue.bytes + sample.encoded.data.length;
  let count = 0;
  while (
    count < waiting.length &&
    (waiting.length - count + queue.inFlight.length > options.maxPending || bytes > options.maxPendingBytes)
  ) {
    bytes -= (waiting[count] as PendingSample).encoded.data.length;
    count++;
  }
  const kept = count === 0 ? waiting : waiting.slice(count);
  return { ...queue, sequence, waiting: kept, bytes, dropped: queue.dropped + count };
}

/** Counts a sample that was kept and could not be taken in. */
export const giveUp = (queue: UploadQueue): UploadQueue => ({ ...queue, dropped: queue.dropped + 1 });

/**
 * Milliseconds until a batch is due: 0 when one is full or its oldest sample has waited long enough; undefined when nothing waits.
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

/** Puts the oldest samples in flight: at least one, and more as long as they fit. Only when none are. */
export function take(queue: UploadQueue, maxSamples: number, maxBytes: number): UploadQueue {
  if (queue.inFlight.length > 0) throw new Error('a batch is in flight already');
  let count = 0;
  let bytes = 0;
  for (const { encoded } of queue.waiting) {
    bytes += encoded.data.length;
    if (count >= maxSamples || (count > 0 && bytes > maxBytes)) break;
    count++;
  }
  return { ...queue, inFlight: queue.waiting.slice(0, count), waiting: queue.waiting.slice(count) };
}

/** Forgets the samples in flight up to a sequence and puts the others back in front. */
export function acknowledge(queue: UploadQueue, sequence: number): UploadQueue {
  const done = queue.inFlight.filter((sample) => sample.sequence <= sequence);
  const left = queue.inFlight.slice(done.length);
  return { ...queue, inFlight: [], waiting: [...left, ...queue.waiting], bytes: queue.bytes - bytesOf(done) };
}

/** Puts the batch in flight back in front, with the same sequences. */
export const giveBack = (queue: UploadQueue): UploadQueue => acknowledge(queue, 0);

/** Gives the batch in flight up. */
export function discard(queue: UploadQueue): UploadQueue {
  const { inFlight, bytes, dropped } = queue;
  return { ...queue, inFlight: [], bytes: bytes - bytesOf(inFlight), dropped: dropped + inFlight.length };
}

/** Compressed bytes of samples. */
export const bytesOf = (samples: readonly PendingSample[]): number =>
  samples.reduce((sum, { encoded }) => sum + encoded.data.length, 0);
