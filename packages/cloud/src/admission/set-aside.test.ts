import { test } from 'tap';
import { afterRefusal, type Conduct, MOST_REFUSED } from './set-aside.js';

const MINUTE = 60_000;

const after = (sequences: readonly number[], now: number, from?: Conduct): Conduct =>
  sequences.reduce<Conduct | undefined>((conduct, sequence) => afterRefusal(conduct, sequence, now), from) as Conduct;

test('a device is set aside for a minute after its third out-of-range sample', async (t) => {
  t.equal(after([1, 2], 5).until, 0);
  t.equal(after([1, 2, 3], 5).until, 5 + MINUTE);
});

test('a sample that is sent again in smaller batches counts once', async (t) => {
  t.equal(after([7, 7, 7, 7, 7], 5).until, 0);
});

test('samples of long ago do not count', async (t) => {
  const early = after([1, 2], 0);
  t.equal(after([3], 11 * MINUTE, early).until, 0);
});

test('each time it is set aside for twice as long, up to an hour', async (t) => {
  let conduct = after([1, 2, 3], 0);
  const pauses: number[] = [conduct.until];
  for (let i = 1; i < 9; i++) {
    const now = conduct.until;
    conduct = after(
      Array.from({ length: MOST_REFUSED }, (_, k) => i * 10 + k),
      now,
      conduct,
    );
    pauses.push(conduct.until - now);
  }
  t.same(
    pauses.map((pause) => pause / MINUTE),
    [1, 2, 4, 8, 16, 32, 60, 60, 60],
  );
});
