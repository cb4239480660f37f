import { test } from 'tap';
import { checkLabels, ranked } from './labels.js';

test('names that are too few are refused', async (t) => {
  t.throws(() => checkLabels(['cat'], 2), { code: 'REQUEST_INVALID', message: /names 1 classes.*tells 2 apart/ });
});

test('the five most probable classes come first, the first of equals before the others', async (t) => {
  const probabilities = Float32Array.of(0.125, 0.25, 0.0625, 0.25, 0.125, 0, 0.1875);
  t.same(
    ranked(probabilities, ['a', 'b', 'c', 'd', 'e', 'f', 'g']).map(({ label, name }) => `${label}${name}`),
    ['1b', '3d', '6g', '0a', '4e'],
  );
  t.same(ranked(Float32Array.of(0.25, 0.75), undefined), [
    { label: 1, probability: 0.75 },
    { label: 0, probability: 0.25 },
  ]);
});
