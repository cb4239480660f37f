import { test } from 'tap';
import { ADAPTATION_DEFAULTS, adaptationOptions } from './options.js';
import { drawIdle, drawReplay, replayWindow } from './replay.js';

test('the replay buffer is the latest 10,000 samples, first in, first out', async (t) => {
  t.same(replayWindow(9_999, ADAPTATION_DEFAULTS), { from: 0, to: 9_999 });
  t.same(replayWindow(12_345, ADAPTATION_DEFAULTS), { from: 2_345, to: 12_345 });
});

test('96 samples are drawn from the replay buffer once it holds 256', async (t) => {
  t.same(drawReplay({ from: 0, to: 255 }, 1, ADAPTATION_DEFAULTS).positions, []);
  t.equal(drawReplay({ from: 0, to: 256 }, 1, ADAPTATION_DEFAULTS).positions.length, 96);
});

test('an idle step replays 128 samples when the buffer holds more than 256', async (t) => {
  t.same(drawIdle({ from: 0, to: 256 }, 1, ADAPTATION_DEFAULTS).positions, []);
  t.equal(drawIdle({ from: 0, to: 257 }, 1, ADAPTATION_DEFAULTS).positions.length, 128);
  t.same(drawIdle({ from: 0, to: 257 }, 1, adaptationOptions({ idleReplay: false })).positions, []);
});

test('draws are distinct, inside the window, spread over it, and the same for the same seed', async (t) => {
  const window = { from: 1_000, to: 3_000 };
  const first = drawReplay(window, 7, ADAPTATION_DEFAULTS);
  t.equal(new Set(first.positions).size, 96);
  t.ok(first.positions.every((position) => position >= 1_000 && position < 3_000));
  t.ok(Math.min(...first.positions) < 1_400 && Math.max(...first.positions) > 2_600);
  t.same(drawReplay(window, 7, ADAPTATION_DEFAULTS), first);
  t.not(drawReplay(window, first.random, ADAPTATION_DEFAULTS).positions, first.positions);
});

test('an option out of bounds is refused by its name', async (t) => {
  t.throws(() => adaptationOptions({ momentum: 1.5 }), {
    code: 'REQUEST_INVALID',
    message: /momentum is 1.5.*from 0 to 1/,
  });
  t.throws(() => adaptationOptions({ samplesPerStep: 0 }), { message: /samplesPerStep/ });
  t.throws(() => adaptationOptions({ edgeLearningRate: Number.NaN }), { message: /edgeLearningRate/ });
});
