import type { EncodedSample } from '@renorm/protocol';

/** A sample that waits to be uploaded. */
export interface PendingSample {
  /** From 1, rising; names the sample within the session for ever. */
  readonly sequence: number;
  readonly encoded: EncodedSample;
  /** The version that made the prediction. */
  readonly version: number;
  /** Of the prediction, in nats. */
  readonly entropy: number;
  /** When it was taken in, in milliseconds. */
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
 * in flight. Knows neither network nor clock.
 */
export class UploadQueue {
  readonly #options: QueueOptions;
  #waiting: PendingSample[] = [];
  #inFlight: PendingSample[] = [];
  #bytes = 0;
  #sequence = 0;
  #dropped = 0;

  constructor(options: Partial<QueueOptions> = {}) {
    this.#options = { ...QUEUE_DEFAULTS, ...options };
  }

  /** Samples waiting or in flight. */
  get pending(): number {
    return this.#waiting.length + this.#inFlight.length;
  }

  /** Samples given up so far: the queue was full, or the cloud refused them. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes a sample in and gives it its sequence. */
  offer(sample: Omit<PendingSample, 'sequence'>): void {
    this.#waiting.push({ ...sample, sequence: ++this.#sequence });
    this.#bytes += sample.encoded.data.length;
    while (
      this.#waiting.length > 0 &&
      (this.pending > this.#options.maxPending || this.#bytes > this.#options.maxPendingBytes)
    ) {
      this.#forget(this.#waiting.splice(0, 1));
      this.#dropped++;
    }
  }

  /** Counts a sample that was kept and could not be taken in. */
  giveUp(): void {
    this.#dropped++;
  }

  /** Milliseconds until a batch is due: 0 when one is full or its oldest sample has waited long enough; undefined when nothing waits. */
  dueIn(now: number, maxSamples: number): number | undefined {
    const oldest = this.#waiting[0];
    if (oldest === undefined) return undefined;
    if (this.#waiting.length >= maxSamples) return 0;
    return Math.max(0, oldest.at + this.#options.lingerMs - now);
  }

  /** Puts the oldest samples in flight. Only when none are. */
  take(maxSamples: number): readonly PendingSample[] {
    if (this.#inFlight.length > 0) throw new Error('a batch is in flight already');
    let count = 0;
    let bytes = 0;
    for (const { encoded } of this.#waiting) {
      bytes += encoded.data.length;
      if (count >= maxSamples || (count > 0 && bytes > this.#options.maxBatchBytes)) break;
      count++;
    }
    this.#inFlight = this.#waiting.splice(0, count);
    return this.#inFlight;
  }

  /** Forgets the samples in flight up to a sequence and puts the others back in front; says how many are done. */
  acknowledge(sequence: number): number {
    const done = this.#inFlight.filter((sample) => sample.sequence <= sequence);
    const left = this.#inFlight.filter((sample) => sample.sequence > sequence);
    this.#forget(done);
    this.#inFlight = [];
    this.#waiting.unshift(...left);
    return done.length;
  }

  /** Puts the batch in flight back in front, with the same sequences. */
  giveBack(): void {
    this.acknowledge(0);
  }

  /** Gives the batch in flight up. */
  discard(): void {
    this.#forget(this.#inFlight);
    this.#dropped += this.#inFlight.length;
    this.#inFlight = [];
  }

  #forget(samples: readonly PendingSample[]): void {
    for (const { encoded } of samples) this.#bytes -= encoded.data.length;
  }
}
