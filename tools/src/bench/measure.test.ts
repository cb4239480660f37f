import { test } from 'tap';
import { inTurn, median, quantile, ratio } from './measure.js';

test('two things are measured in turn, and warm-up rounds do not count', async (t) => {
  const order: string[] = [];
  const take = (name: string, ms: number) => async () => {
    order.push(name);
    return ms;
  };
  t.same(await inTurn(take('a', 1), take('b', 2), 2, 1), { a: [1, 1], b: [2, 2] });
  t.equal(order.join(''), 'ababab');
});

test('quantiles interpolate and do not sort in place', async (t) => {
  const values = [4, 1, 3, 2];
  t.equal(median(values), 2.5);
  t.equal(quantile(values, 0), 1);
  t.equal(quantile(values, 1), 4);
  t.same(values, [4, 1, 3, 2]);
});

test('a ratio is the median of the ratios of the rounds, not the ratio of the medians', async (t) => {
  t.equal(ratio({ a: [1, 10, 3], b: [2, 5, 6] }).median, 0.5);
});
