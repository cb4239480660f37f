import { seededRandom } from '@renorm/protocol';
import { test } from 'tap';
import { environmentOf, SOURCE, shiftBetween } from './environment.js';

function samples(count: number, offset: number, seed: number) {
  const random = seededRandom(seed);
  const features = Array.from({ length: count }, () =>
    Float64Array.from({ length: 50 }, () => offset + random() - 0.5),
  );
  return environmentOf(features, new Float64Array(count).fill(1));
}

const DEVIATION = Math.sqrt(1 / 12);

test('samples of one environment are not apart, however few', async (t) => {
  for (const count of [12, 48, 200]) {
    const shift = shiftBetween(samples(count, 0.3, 1), samples(100, 0.3, 2));
    t.ok(shift < 0.2, `${count} samples: ${shift}`);
  }
});

test('a shift is measured in deviations of the samples', async (t) => {
  const shift = shiftBetween(samples(48, 0.5, 1), SOURCE);
  t.ok(Math.abs(shift - 0.5 / DEVIATION) < 0.1, `${shift}`);
});

test('a sample without weight says nothing', async (t) => {
  const rows = [new Float64Array(3).fill(100), new Float64Array(3).fill(1), new Float64Array(3).fill(3)];
  t.match(environmentOf(rows, Float64Array.of(0, 1, 1)), { mean: Float64Array.of(2, 2, 2), count: 2 });
});
