import { seededRandom } from '@renorm/protocol';
import { test } from 'tap';
import { effectiveCount } from './robust.js';
import { cappedByDevice, deviceCap, sampleWeights } from './sample-weights.js';

const WIDTH = 200;

/** Rows around a mean of `offset`, as far from each other as images of different classes. */
function rows(count: number, { offset = 0, spread = 0.3, seed = 1 } = {}): Float64Array[] {
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() || 0.5)) * Math.cos(2 * Math.PI * random());
  // Half of what differs is common to a row, as a class is.
  return Array.from({ length: count }, () => {
    const [a, b] = [normal(), normal()];
    return Float64Array.from({ length: WIDTH }, (_, k) => offset + spread * ((k % 2 ? a : b) * 0.7 + normal() * 0.7));
  });
}

const sum = (weights: Float64Array): number => weights.reduce((total, weight) => total + weight, 0);
const shareOfLast = (weights: Float64Array, count: number): number => sum(weights.slice(-count)) / sum(weights);

test('honest samples count nearly alike', async (t) => {
  const weights = sampleWeights(rows(100));
  t.ok(effectiveCount(weights) > 75, `worth ${effectiveCount(weights)} of 100`);
});

test('one sample out of range counts for nothing, and changes no other weight by much', async (t) => {
  const honest = rows(31);
  const weights = sampleWeights([...honest, new Float64Array(WIDTH).fill(70)]);
  t.ok((weights[31] as number) < 1e-9, `${weights[31]}`);
  t.ok(effectiveCount(weights) > 22);
});

for (const share of [0.25, 0.75]) {
  test(`${100 * share}% of the samples all alike count as one sample or two`, async (t) => {
    const bad = Math.round(100 * share);
    const alike = rows(1, { offset: 0.4, seed: 7 })[0] as Float64Array;
    const weights = sampleWeights([...rows(100 - bad), ...Array.from({ length: bad }, () => alike.slice())]);
    t.ok(shareOfLast(weights, bad) < 3 / (100 - bad), `${shareOfLast(weights, bad)}`);
  });
}

test('a quarter of the samples far from the rest counts for next to nothing', async (t) => {
  const weights = sampleWeights([...rows(75), ...rows(25, { offset: 3, spread: 1, seed: 3 })]);
  t.ok(shareOfLast(weights, 25) < 0.01, `${shareOfLast(weights, 25)}`);
});

test('three quarters far from the source count for next to nothing beside a quarter near it', async (t) => {
  const weights = sampleWeights([...rows(25), ...rows(75, { offset: 3, spread: 1, seed: 3 })]);
  t.ok(shareOfLast(weights, 75) < 0.01, `${shareOfLast(weights, 75)}`);
});

test('an environment that is far from the source as a whole counts in full', async (t) => {
  const weights = sampleWeights(rows(100, { offset: 1.5 }));
  t.ok(effectiveCount(weights) > 75, `worth ${effectiveCount(weights)} of 100`);
});

test('the same samples in another order have the same weights', async (t) => {
  const features = [...rows(30), ...rows(10, { offset: 2 })];
  const turned = sampleWeights(features.toReversed()).toReversed();
  const straight = sampleWeights(features);
  t.ok(straight.every((weight, i) => Math.abs(weight - (turned[i] as number)) < 1e-9));
});

test('no device has more than its share', async (t) => {
  const devices = Array.from({ length: 100 }, (_, i) => (i < 70 ? 'greedy' : `d${i % 5}`));
  const weights = cappedByDevice(new Float64Array(100).fill(1), devices);
  const greedy = weights.reduce((total, weight, i) => total + (devices[i] === 'greedy' ? weight : 0), 0);
  t.ok(Math.abs(greedy / sum(weights) - deviceCap(6)) < 1e-9);
  t.equal(weights[99], 1, 'the others keep their weights');
});

test('a device that has sent one sample does not hold down the others', async (t) => {
  const devices = Array.from({ length: 31 }, (_, i) => (i === 0 ? 'new' : `d${i % 3}`));
  t.ok(effectiveCount(cappedByDevice(new Float64Array(31).fill(1), devices)) > 30);
});

test('devices whose samples count for nothing do not take the weight of one whose samples do', async (t) => {
  const devices = Array.from({ length: 40 }, (_, i) => `d${i % 4}`);
  const weights = Float64Array.from(devices, (device) => (device === 'd0' ? 1 : 0.01));
  t.same(cappedByDevice(weights, devices), weights);
});

test('a device by itself counts in full', async (t) => {
  const weights = cappedByDevice(
    new Float64Array(5).fill(1),
    Array.from({ length: 5 }, () => 'only'),
  );
  t.same([...weights], [1, 1, 1, 1, 1]);
});
