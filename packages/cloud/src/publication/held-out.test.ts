import { test } from 'tap';
import { heldOutPositions, isHeldOut, judgingPositions } from './held-out.js';

const all = (to: number): number[] => Array.from({ length: to }, (_, i) => i);

test('one position of five is held out, and of every fifth about one of five', async (t) => {
  const share = (positions: number[]): number => positions.filter(isHeldOut).length / positions.length;
  t.ok(Math.abs(share(all(10_000)) - 0.2) < 0.02);
  for (let first = 0; first < 5; first++)
    t.ok(Math.abs(share(all(10_000).filter((position) => position % 5 === first)) - 0.2) < 0.03);
});

test('the latest are taken, in order, and none before the first', async (t) => {
  const expected = all(1_000).filter(isHeldOut);
  t.same(heldOutPositions(0, 1_000, 48), expected.slice(-48));
  t.same(
    heldOutPositions(950, 1_000, 48),
    expected.filter((position) => position >= 950),
  );
  t.same(heldOutPositions(0, 0, 48), []);
});

test('while few are held out, the latest others judge beside them', async (t) => {
  t.same(
    judgingPositions(0, 12, 48).toSorted((a, b) => a - b),
    all(12),
  );
  t.same(judgingPositions(0, 1_000, 48), heldOutPositions(0, 1_000, 48));
});
