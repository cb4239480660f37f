import { test } from 'tap';
import type { CellResult } from './cell.js';
import { reliability, scoreOf, wilson } from './metrics.js';

test('confidence intervals are those of Wilson', async (t) => {
  // R: binom::binom.confint(8, 10, methods = "wilson") gives 0.4901625 and 0.9433178.
  const [low, high] = wilson(8, 10);
  t.ok(Math.abs(low - 0.4901625) < 1e-6 && Math.abs(high - 0.9433178) < 1e-6, `${low} ${high}`);
  t.equal(wilson(0, 10)[0], 0);
  t.same(wilson(0, 0), [Number.NaN, Number.NaN]);
});

const cell = {
  label: [0, 1, 2, 3],
  predicted: [0, 1, 0, 0],
  confidence: [0.9, 0.7, 0.9, 0.5],
  entropy: [0.1, 0.2, 0.3, 0.4],
  uploads: [
    [1, 'drawn'],
    [3, 'drawn'],
  ],
  bytes: [
    [1, 100, 0],
    [3, 100, 40],
  ],
} as unknown as CellResult;

test('a score counts what is inside its part, and nothing else', async (t) => {
  const all = scoreOf([{ cell, positions: [0, 1, 2, 3] }]);
  t.match(all, { images: 4, accuracy: 0.5, uploaded: 0.5, bytesUpPerThousand: 50_000, bytesDownPerThousand: 10_000 });
  t.ok(Math.abs(all.confidenceRight - 0.8) < 1e-12 && Math.abs(all.confidenceWrong - 0.7) < 1e-12);
  // Bins of 0.9 (one of two right), 0.7 (right), 0.5 (wrong): 0.5 * 0.4 + 0.25 * 0.3 + 0.25 * 0.5.
  t.ok(Math.abs(all.calibrationError - 0.4) < 1e-12, `${all.calibrationError}`);
  t.match(scoreOf([{ cell, positions: [0, 1] }]), { images: 2, accuracy: 1, uploaded: 0.5, bytesDownPerThousand: 0 });
});

test('bins of a reliability diagram hold each prediction once', async (t) => {
  const bins = reliability([
    { isRight: true, confidence: 1 },
    { isRight: false, confidence: 0 },
  ]);
  t.equal(bins.length, 15);
  t.match(
    [bins[0], bins[14]],
    [
      { count: 1, accuracy: 0 },
      { count: 1, accuracy: 1 },
    ],
  );
});
