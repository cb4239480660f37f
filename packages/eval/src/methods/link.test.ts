import { test } from 'tap';
import { carried, firstAllowance, grown, isOnline, PERFECT_LINK } from './link.js';

test('a budget grows with the images, up to what 1,000 of them earn', async (t) => {
  const link = { ...PERFECT_LINK, budget: 5000 };
  let allowance = firstAllowance(link);
  t.equal(allowance, 500);
  t.equal(carried(link, allowance, 501, 0.5), 'waits');
  allowance = grown(allowance, link);
  t.equal(carried(link, allowance, 501, 0.5), 'arrives');
  for (let i = 0; i < 5000; i++) allowance = grown(allowance, link);
  t.equal(allowance, 5000);
  t.equal(
    carried(link, allowance, 9000, 0.5),
    'arrives',
    'what is larger than any budget goes when there is most of it',
  );
  t.equal(firstAllowance(PERFECT_LINK), Number.POSITIVE_INFINITY);
});

test('uploads are lost as often as said, and none goes without a link', async (t) => {
  const link = { ...PERFECT_LINK, loss: 0.25, offline: [[10, 20]] as const };
  t.equal(carried(link, 1e9, 10, 0.2), 'lost');
  t.equal(carried(link, 1e9, 10, 0.3), 'arrives');
  t.same(
    [9, 10, 19, 20].map((index) => isOnline(link, index)),
    [true, false, false, true],
  );
});
