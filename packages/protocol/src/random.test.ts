import { test } from 'tap';
import { nextDraw, seededRandom } from './random.js';

test('the numbers are those of Mulberry32', async (t) => {
  // As 32-bit whole numbers, for the seed 1.
  const next = seededRandom(1);
  t.same(
    [next(), next(), next()].map((value) => value * 2 ** 32),
    [2693262067, 11749833, 2265367787],
  );
});

test('a stored state goes on where the generator was', async (t) => {
  const next = seededRandom(-7);
  const first = nextDraw(-7);
  t.equal(next(), first.value);
  t.equal(next(), nextDraw(first.state).value);
});

test('a seed counts by its lowest 32 bits', async (t) => {
  t.equal(seededRandom(-1)(), seededRandom(2 ** 32 - 1)());
});
