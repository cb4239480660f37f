import { test } from 'tap';
import { compare } from './verdict.js';

test('a gain is clear when it is more than two paired standard errors from zero', async (t) => {
  const better = compare({ count: 100, bothRight: 50, onlyAdaptedRight: 30, onlyUnadaptedRight: 5 });
  t.equal(better.verdict, 'better');
  t.equal(better.adapted, 0.8);
  t.equal(better.unadapted, 0.55);
  t.equal(better.gain, 0.25);
  // sqrt(35 - 25^2/100) / 100
  t.ok(Math.abs(better.standardError - Math.sqrt(28.75) / 100) < 1e-12, 'standard error of paired proportions');
});

test('an adaptation that hurts is called worse', async (t) => {
  t.equal(compare({ count: 100, bothRight: 50, onlyAdaptedRight: 5, onlyUnadaptedRight: 30 }).verdict, 'worse');
});

test('a gain within the noise is unclear, and so is none', async (t) => {
  t.equal(compare({ count: 100, bothRight: 70, onlyAdaptedRight: 9, onlyUnadaptedRight: 6 }).verdict, 'unclear');
  t.equal(compare({ count: 100, bothRight: 90, onlyAdaptedRight: 0, onlyUnadaptedRight: 0 }).verdict, 'unclear');
});
