import { test } from 'tap';
import { moveStatistics, sgdStep } from './optimizer.js';

const one = (value: number) => new Map([['a/gamma', Float32Array.of(value)]]);
const only = (set: ReadonlyMap<string, Float32Array>): number => set.get('a/gamma')?.[0] as number;

test('SGD with momentum follows PyTorch: the first velocity is the gradient, later ones 0.9 of the last plus it', async (t) => {
  const options = { learningRate: 0.1, momentum: 0.9 };
  const first = sgdStep(one(1), new Map(), one(2), options);
  t.ok(Math.abs(only(first.parameters) - 0.8) < 1e-6);
  const second = sgdStep(first.parameters, first.velocities, one(1), options);
  t.ok(Math.abs(only(second.velocities) - 2.8) < 1e-6);
  t.ok(Math.abs(only(second.parameters) - 0.52) < 1e-6);
});

test('a step changes nothing that it was given', async (t) => {
  const before = one(1);
  sgdStep(before, new Map(), one(2), { learningRate: 0.1, momentum: 0.9 });
  moveStatistics(before, one(5), 0.1);
  t.equal(only(before), 1);
});

test('parameters without a gradient stay as they are', async (t) => {
  const parameters = new Map([...one(1), ['a/mean', Float32Array.of(7)]]);
  const { parameters: after } = sgdStep(parameters, new Map(), one(2), { learningRate: 0.1, momentum: 0.9 });
  t.equal(after.get('a/mean')?.[0], 7);
  t.same([...after.keys()], [...parameters.keys()], 'and the order too');
});

test('running statistics move by their share of the way to the batch', async (t) => {
  t.ok(Math.abs(only(moveStatistics(one(1), one(2), 0.1)) - 1.1) < 1e-6);
});
