import { test } from 'tap';
import { allInTurn, type Cost, medianOf, ratioOf } from './in-turn.js';

const costs = (...values: number[]): Cost[] => values.map((wall) => ({ wall, processor: wall / 2 }));

test('all are measured in turn, and warm-up rounds do not count', async (t) => {
  const order: string[] = [];
  const measured = (name: string) => async () => {
    order.push(name);
    return { wall: order.length, processor: 0 };
  };
  const found = await allInTurn({ a: measured('a'), b: measured('b'), c: measured('c') }, 1, 1);
  t.equal(order.join(''), 'abcabc');
  t.same(found.b, [{ wall: 5, processor: 0 }]);
});

test('a ratio is the median of the ratios of the rounds', async (t) => {
  t.equal(ratioOf(costs(1, 10, 3), costs(2, 5, 6), 'wall'), '0.50 (0.50 to 1.25)');
  t.equal(ratioOf(costs(4), costs(2), 'processor', 2), '1.00 (1.00 to 1.00)', 'twice what is below the line');
  t.equal(medianOf(costs(2, 6, 4), 'processor'), 2);
});
