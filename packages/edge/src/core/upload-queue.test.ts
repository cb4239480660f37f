import { encodeSample } from '@renorm/protocol';
import { test } from 'tap';
import {
  acknowledge,
  discard,
  dueIn,
  EMPTY_QUEUE,
  giveBack,
  offer as offerTo,
  type PendingSample,
  pendingIn,
  QUEUE_DEFAULTS,
  type QueueOptions,
  take,
} from './upload-queue.js';

/** A queue that changes, of the one that is data. */
class UploadQueue {
  #queue = EMPTY_QUEUE;
  readonly #options: QueueOptions;

  constructor(options: Partial<QueueOptions> = {}) {
    this.#options = { ...QUEUE_DEFAULTS, ...options };
  }

  get pending(): number {
    return pendingIn(this.#queue);
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  offer(sample: Omit<PendingSample, 'sequence'>): void {
    this.#queue = offerTo(this.#queue, sample, this.#options);
  }

  dueIn(now: number, maxSamples: number): number | undefined {
    return dueIn(this.#queue, now, maxSamples, this.#options);
  }

  take(maxSamples: number): readonly PendingSample[] {
    this.#queue = take(this.#queue, maxSamples, this.#options.maxBatchBytes);
    return this.#queue.inFlight;
  }

  acknowledge(sequence: number): number {
    const before = this.#queue.inFlight.length + this.#queue.waiting.length;
    this.#queue = acknowledge(this.#queue, sequence);
    return before - pendingIn(this.#queue);
  }

  giveBack(): void {
    this.#queue = giveBack(this.#queue);
  }

  discard(): void {
    this.#queue = discard(this.#queue);
  }
}

const encoded = encodeSample({ data: Float32Array.of(0.5), shape: [1] });
const offer = (queue: UploadQueue, count: number, at = 0): void => {
  for (let i = 0; i < count; i++) queue.offer({ encoded, version: 0, entropy: 1, at });
};
const sequences = (samples: readonly PendingSample[]): number[] => samples.map(({ sequence }) => sequence);

test('samples leave in the order in which they came, numbered from 1', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 5);
  t.same(sequences(queue.take(3)), [1, 2, 3]);
  queue.acknowledge(3);
  t.same(sequences(queue.take(3)), [4, 5]);
});

test('full, it gives up the oldest and counts them', async (t) => {
  const queue = new UploadQueue({ maxPending: 3 });
  offer(queue, 5);
  t.same([queue.pending, queue.dropped], [3, 2]);
  t.same(sequences(queue.take(10)), [3, 4, 5], 'sequences are not given twice');
});

test('full, it keeps what is in flight', async (t) => {
  const queue = new UploadQueue({ maxPending: 3 });
  offer(queue, 3);
  queue.take(2);
  offer(queue, 2);
  t.same([queue.pending, queue.dropped], [3, 2]);
  t.equal(queue.acknowledge(2), 2);
  t.same(sequences(queue.take(10)), [5]);
});

test('it is bounded in bytes too', async (t) => {
  const size = encoded.data.length;
  const queue = new UploadQueue({ maxPendingBytes: size * 2 });
  offer(queue, 4);
  t.same([queue.pending, queue.dropped], [2, 2]);
  queue.take(2);
  queue.acknowledge(4);
  offer(queue, 2);
  t.same([queue.pending, queue.dropped], [2, 2], 'acknowledged samples make room');
});

test('a batch that failed comes back first, with the same sequences', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 4);
  queue.take(2);
  queue.giveBack();
  t.same(sequences(queue.take(4)), [1, 2, 3, 4]);
});

test('a batch acknowledged in part: the rest comes back first', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 4);
  queue.take(3);
  t.equal(queue.acknowledge(1), 1);
  t.same(sequences(queue.take(4)), [2, 3, 4]);
});

test('an acknowledgement beyond the batch does not touch what was not sent', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 4);
  queue.take(2);
  t.equal(queue.acknowledge(99), 2);
  t.equal(queue.pending, 2);
});

test('a discarded batch counts as dropped', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 3);
  queue.take(1);
  queue.discard();
  t.same([queue.pending, queue.dropped], [2, 1]);
});

test('a batch has at most so many bytes, and at least one sample', async (t) => {
  const size = encoded.data.length;
  const queue = new UploadQueue({ maxBatchBytes: size * 2 });
  offer(queue, 5);
  t.equal(queue.take(32).length, 2);
  const tiny = new UploadQueue({ maxBatchBytes: 1 });
  offer(tiny, 2);
  t.equal(tiny.take(32).length, 1);
});

test('a batch is due when it is full, or when its oldest sample has waited long enough', async (t) => {
  const queue = new UploadQueue({ lingerMs: 100 });
  t.equal(queue.dueIn(0, 2), undefined, 'nothing waits');
  offer(queue, 1, 1000);
  t.equal(queue.dueIn(1030, 2), 70);
  t.equal(queue.dueIn(2000, 2), 0);
  offer(queue, 1, 1030);
  t.equal(queue.dueIn(1030, 2), 0, 'full');
});
