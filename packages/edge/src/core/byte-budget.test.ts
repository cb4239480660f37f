import { seededRandom } from '@renorm/protocol';
import { test } from 'tap';
import {
  bytesForUploads,
  bytesLeft,
  mayConnect,
  nextRelief,
  resolveByteBudget,
  shifted,
  spend,
  UNSPENT,
} from './byte-budget.js';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

test('over two days with bursts a budget is never exceeded, and at least 95% of it is used', (t) => {
  for (const seed of [1, 2, 3]) {
    const next = seededRandom(seed);
    const options = { bytesPerHour: 1_000_000, bytesPerDay: 8_000_000 };
    const sent: { readonly at: number; readonly bytes: number }[] = [];
    let budget = UNSPENT;
    let waiting = 0;
    for (let at = 0; at < 2 * DAY; at += 10_000) {
      // Nothing for a while, then much at once; a version now and then, which asks nobody.
      if (next() < 0.002) waiting += 3_000_000;
      waiting += 900;
      if (next() < 0.01 && mayConnect(budget, at, options)) {
        const bytes = 200 + Math.floor(next() * 2000);
        budget = spend(budget, bytes, bytes, at);
        sent.push({ at, bytes });
      }
      while (waiting > 0) {
        const bytes = Math.min(waiting, 20_000, Math.floor(bytesForUploads(budget, at, options)));
        if (bytes < 500) break;
        waiting -= bytes;
        budget = spend(budget, bytes, 0, at);
        sent.push({ at, bytes });
      }
    }
    const most = (window: number): number => {
      let [sum, largest, from] = [0, 0, 0];
      for (const { at, bytes } of sent) {
        sum += bytes;
        while ((sent[from]?.at ?? 0) <= at - window) sum -= sent[from++]?.bytes ?? 0;
        largest = Math.max(largest, sum);
      }
      return largest;
    };
    t.ok(most(HOUR) <= options.bytesPerHour, `seed ${seed}: ${most(HOUR)} bytes in an hour`);
    t.ok(most(DAY) <= options.bytesPerDay, `seed ${seed}: ${most(DAY)} bytes in a day`);
    t.ok(most(HOUR) >= 0.95 * options.bytesPerHour);
    t.ok(most(DAY) >= 0.95 * options.bytesPerDay);
    t.ok(waiting > 1_000_000, 'there was more to send');
  }
  t.end();
});

test('what was spent counts until its hour is over, and says when; a bound alone is enough', (t) => {
  const hourly = resolveByteBudget({ bytesPerHour: 10_000 });
  const spent = spend(spend(UNSPENT, 4000, 0, 0), 6000, 100, 30 * MINUTE);
  t.equal(bytesLeft(spent, 31 * MINUTE, hourly), 0);
  t.equal(nextRelief(spent, 31 * MINUTE), 61 * MINUTE);
  t.equal(bytesLeft(spent, 61 * MINUTE, hourly), 4000);
  t.same([mayConnect(spent, 31 * MINUTE, hourly), mayConnect(spent, 61 * MINUTE, hourly)], [false, true]);
  t.ok(bytesForUploads(spent, 61 * MINUTE, hourly) < 4000, 'a reserve is left');
  t.equal(bytesLeft(shifted(spent, 5 * HOUR), 5 * HOUR + 31 * MINUTE, hourly), 0, 'on the clock of another run');
  t.equal(bytesForUploads(spent, 0, resolveByteBudget()), Number.POSITIVE_INFINITY);
  t.throws(() => resolveByteBudget({ bytesPerDay: 10 }), {
    code: 'REQUEST_INVALID',
    message: /budget\.bytesPerDay is 10/,
  });
  t.end();
});
