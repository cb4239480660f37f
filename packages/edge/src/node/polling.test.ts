import { test } from 'tap';
import { Polling } from './polling.js';

/** Predictions of `tookMs` each, `pauseMs` apart; says for each whether it was polled for. */
function play(
  polling: Polling,
  count: number,
  tookMs: number,
  pauseMs: number,
  start = 0,
): { polled: boolean[]; end: number } {
  const polled: boolean[] = [];
  let now = start;
  for (let i = 0; i < count; i++) {
    const until = polling.started(now);
    polled.push(until !== undefined);
    if (until !== undefined && until < now + tookMs) polling.missed();
    polling.answered(now + tookMs, now);
    now += tookMs + pauseMs;
  }
  return { polled, end: now };
}

test('small predictions without a pause between them are polled for, from the fourth on', async (t) => {
  t.same(play(new Polling(true), 6, 0.4, 0.01).polled, [false, false, false, true, true, true]);
});

test('at the pace of a camera nobody polls', async (t) => {
  t.notOk(play(new Polling(true), 200, 0.4, 33).polled.includes(true));
});

test('a pause ends it', async (t) => {
  const polling = new Polling(true);
  const { end } = play(polling, 10, 0.4, 0.01);
  t.same(play(polling, 4, 0.4, 0.01, end + 5).polled, [false, false, false, true]);
});

test('large predictions are not polled for', async (t) => {
  t.notOk(play(new Polling(true), 200, 5, 0.01).polled.includes(true));
});

test('where predictions take much longer than they could, others need the cores: nobody polls', async (t) => {
  const polling = new Polling(true);
  const { end } = play(polling, 10, 0.2, 0.01);
  const { polled } = play(polling, 60, 0.6, 0.01, end);
  t.notOk(polled.slice(40, 60).includes(true));
});

test('after a miss nobody polls for a while', async (t) => {
  const polling = new Polling(true);
  const { end } = play(polling, 10, 0.4, 0.01);
  polling.missed();
  t.notOk(play(polling, 8, 0.4, 0.01, end).polled.includes(true));
  t.ok(play(polling, 8, 0.4, 0.01, end + 8 * 0.41).polled.includes(true));
});

test('with one core nobody polls', async (t) => {
  t.notOk(play(new Polling(false), 20, 0.4, 0.01).polled.includes(true));
});
