import { test } from 'tap';
import type { PendingSample } from './pending-sample.js';
import {
  acknowledge,
  discard,
  dueIn,
  EMPTY_QUEUE,
  expire,
  expiryOf,
  giveBack,
  offer as offerTo,
  pendingIn,
  QUEUE_DEFAULTS,
  type QueueOptions,
  restoredQueue,
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

  /** Tickets and why they left, since the last look. */
  get left(): string[] {
    const { left } = this.#queue;
    this.#queue = { ...this.#queue, left: [] };
    return left.map(({ sample, why }) => `${sample.ticket} ${why}`);
  }

  get expiry(): number | undefined {
    return expiryOf(this.#queue, this.#options.maxAgeMs);
  }

  expire(at: number): void {
    this.#queue = expire(this.#queue, at, this.#options);
  }

  /** As it is after a restart: what waits is on the disk, what was in flight too. */
  restart(): void {
    const { waiting, inFlight, sequence } = this.#queue;
    this.#queue = restoredQueue([...waiting, ...inFlight], sequence);
  }

  offer(sample: Omit<PendingSample, 'ticket' | 'sequence'>): void {
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

const BYTES = 10;
const fair = { kind: 'fair', score: 0, bytes: BYTES, at: 0, date: 0 } as const;
const offer = (queue: UploadQueue, count: number, at = 0): void => {
  for (let i = 0; i < count; i++) queue.offer({ ...fair, at });
};
const sequences = (samples: readonly PendingSample[]): number[] => samples.map(({ sequence }) => sequence);
const tickets = (samples: readonly PendingSample[]): number[] => samples.map(({ ticket }) => ticket);

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
  const batch = queue.take(10);
  t.same(tickets(batch), [3, 4, 5]);
  t.same(sequences(batch), [1, 2, 3], 'a sequence is given to what is sent');
  t.same(queue.left, ['1 full', '2 full']);
});

test('full, it keeps what is in flight', async (t) => {
  const queue = new UploadQueue({ maxPending: 3 });
  offer(queue, 3);
  queue.take(2);
  offer(queue, 2);
  t.same([queue.pending, queue.dropped], [3, 2]);
  t.equal(queue.acknowledge(2), 2);
  t.same(queue.left, ['3 full', '4 full', '1 uploaded', '2 uploaded']);
  t.same(tickets(queue.take(10)), [5]);
});

test('it is bounded in bytes too', async (t) => {
  const queue = new UploadQueue({ maxPendingBytes: BYTES * 2 });
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
  const queue = new UploadQueue({ maxBatchBytes: BYTES * 2 });
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

test('what waits too long is given up, when it is due and not before; what is in flight is not', async (t) => {
  const queue = new UploadQueue({ maxAgeMs: 1000 });
  t.equal(queue.expiry, undefined);
  offer(queue, 2, 100);
  offer(queue, 1, 600);
  queue.take(1);
  t.equal(queue.expiry, 1100);
  queue.expire(1099);
  t.equal(queue.pending, 3);
  queue.expire(1100);
  t.same(queue.left, ['2 expired']);
  t.same([queue.pending, queue.dropped, queue.expiry], [2, 1, 1600]);
  queue.giveBack();
  t.equal(queue.expiry, 1100, 'the one that came back is the oldest again');
});

test('when more waits than fits, sketches go first, then drawn ones and those of a high score in turns; sequences rise all the same', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 4);
  for (const score of [1, 3, 2, 3]) queue.offer({ ...fair, kind: 'scored', score });
  queue.offer({ ...fair, kind: 'sketch' });
  const first = queue.take(5);
  t.same(tickets(first), [1, 2, 6, 8, 9], 'in the order in which they came');
  t.same(sequences(first), [1, 2, 3, 4, 5]);
  queue.acknowledge(5);
  const second = queue.take(4);
  t.same(tickets(second), [3, 4, 5, 7]);
  t.same(sequences(second), [6, 7, 8, 9]);
});

test('what was sent before goes before what is more useful, under its sequences', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 3);
  queue.take(2);
  queue.giveBack();
  queue.offer({ ...fair, kind: 'scored', score: 9 });
  const batch = queue.take(3);
  t.same(tickets(batch), [1, 2, 3]);
  t.same(sequences(batch), [1, 2, 3]);
});

test('where there is no room, the kind of which more wait gives: the oldest drawn one, or the lowest score', async (t) => {
  const queue = new UploadQueue({ maxPending: 5 });
  queue.offer({ ...fair, kind: 'sketch' });
  offer(queue, 2);
  for (const score of [3, 1, 2, 0]) queue.offer({ ...fair, kind: 'scored', score });
  t.same(queue.left, ['5 full', '7 full'], 'scores 1 and 0');
  offer(queue, 1);
  t.same(queue.left, ['2 full'], 'of three drawn ones the oldest');
  const tiny = new UploadQueue({ maxPending: 1 });
  tiny.offer({ ...fair, kind: 'sketch' });
  tiny.offer({ ...fair, kind: 'sketch' });
  t.same(tiny.left, ['1 full']);
});

test('a queue goes on after a restart: what was sent under its sequences, what was not in its order', async (t) => {
  const queue = new UploadQueue();
  offer(queue, 5);
  queue.take(2);
  queue.restart();
  t.equal(queue.pending, 5);
  offer(queue, 1);
  const batch = queue.take(6);
  t.same(tickets(batch), [1, 2, 3, 4, 5, 6]);
  t.same(sequences(batch), [1, 2, 3, 4, 5, 6]);
});
