import { test } from 'tap';
import { backoffMs } from './backoff.js';

test('waits double up to the longest', async (t) => {
  t.same(
    [1, 2, 3, 7, 50].map((failures) => backoffMs(failures, 1 - 2 ** -53)).map(Math.round),
    [500, 1000, 2000, 30_000, 30_000],
  );
});

test('jitter takes up to half of the wait away', async (t) => {
  t.equal(backoffMs(3, 0), 1000);
  t.equal(backoffMs(3, 0.5), 1500);
});
