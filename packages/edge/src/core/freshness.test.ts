import { test } from 'tap';
import { Freshness } from './freshness.js';
import type { Clock } from './platform.js';

/** A clock that is wound by hand. */
function handClock(): Clock & { wind(ms: number): void } {
  let now = 1_000;
  const timers = new Set<{ at: number; callback: () => void }>();
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    soon: (callback) => callback(),
    wind(ms) {
      now += ms;
      for (const timer of [...timers].filter(({ at }) => at <= now)) {
        timers.delete(timer);
        timer.callback();
      }
    },
  };
}

test('silence beyond the expiry is told once, and again after the next silence', async (t) => {
  const clock = handClock();
  const told: string[] = [];
  const freshness = new Freshness(clock, ({ code }) => told.push(code));
  clock.wind(10_000_000);
  t.same(told, [], 'nothing was held yet');
  freshness.heard(clock.now() + 1_000);
  clock.wind(999);
  freshness.heard(clock.now() + 1_000);
  clock.wind(999);
  t.same(told, [], 'signed anew in time');
  clock.wind(1);
  t.same(told, ['VERSION_EXPIRED']);
  clock.wind(1_000_000);
  t.equal(told.length, 1);
  freshness.heard(clock.now() + 1_000);
  clock.wind(1_000);
  t.equal(told.length, 2);
});

test('an earlier expiry changes nothing, one beyond a timer’s reach is waited for, and an end is an end', async (t) => {
  const clock = handClock();
  let told = 0;
  const freshness = new Freshness(clock, () => told++);
  freshness.heard(clock.now() + 2 ** 33);
  freshness.heard(clock.now() + 5);
  for (let i = 0; i < 4; i++) clock.wind(2 ** 31 - 1);
  t.equal(told, 0);
  clock.wind(10);
  t.equal(told, 1);
  freshness.heard(clock.now() + 10);
  freshness.close();
  clock.wind(10);
  t.equal(told, 1);
});
