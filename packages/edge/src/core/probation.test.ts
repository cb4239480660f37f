import { test } from 'tap';
import { type Predict, Probation } from './probation.js';

/** An input that says which class it is of. */
const of = (label: number, noise = 0): Float32Array => Float32Array.of(label, noise);
const outcome = (label: number, probability = 0.95, version = 1) => ({ label, probability, version });
/** What a version computes that says a class by the input. */
const saying =
  (classify: (label: number) => number, value = 1): Predict =>
  async ([label = 0]) =>
    Float32Array.from({ length: 4 }, (_, i) => (i === classify(label) ? value : 0));
const right = saying((label) => label);
const one = saying(() => 2);

function seen(labels: readonly number[], probability = 0.95): Probation {
  const probation = new Probation(2);
  for (const label of labels) probation.add(of(label), outcome(label, probability));
  return probation;
}

const many = Array.from({ length: 32 }, (_, i) => i % 4);

test('a version that says one class of what had been predicted for sure does not pass; one that says many does', async (t) => {
  await seen(many).prove(5, right);
  await t.rejects(seen(many).prove(5, one), {
    code: 'VERSION_UNFIT',
    message: /version 5 .* says class 2 of all of 24 samples of which 4 classes/,
  });
  await seen(many).prove(
    5,
    saying((label) => (label === 3 ? 3 : 2)),
  );
});

test('one class is no sign where nothing else was seen, or nothing for sure', async (t) => {
  await seen([]).prove(5, one);
  await seen(Array(100).fill(1)).prove(5, one);
  await seen(many, 0.6).prove(5, one);
  await seen([0, 1, 2]).prove(5, one);
  t.pass('all pass');
});

test('a class that is seen for long does not drive the others out', async (t) => {
  const probation = seen([0, 1, 3, 0, 1, 3, 0, 1, 3, ...Array(1000).fill(2)]);
  await t.rejects(probation.prove(5, one), { code: 'VERSION_UNFIT' });
});

test('a version has to compute numbers for the latest samples', async (t) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    await t.rejects(
      seen([0, 1], 0.3).prove(
        7,
        saying((label) => label, value),
      ),
      {
        code: 'VERSION_UNFIT',
        message: /version 7 .* computes (NaN|Infinity) for class/,
      },
    );
});

test('what serves is looked into when it computes no number, once, and when it says one class for long', (t) => {
  const probation = new Probation(2);
  t.notOk(probation.add(of(1), outcome(1)));
  t.ok(probation.add(of(1), outcome(1, Number.NaN)));
  t.notOk(probation.add(of(1), outcome(1, Number.NaN)), 'once');
  t.ok(probation.add(of(1), outcome(1, Number.NaN, 2)), 'and once of the next');
  const looks: number[] = [];
  for (let i = 1; i <= 1100; i++) if (probation.add(of(3), outcome(3, 0.95, 3))) looks.push(i);
  t.same(looks, [256, 512, 1024]);
  t.end();
});

test('a model of large images is tried on fewer, and one of huge ones on none', async (t) => {
  const tried = async (elements: number): Promise<number> => {
    const probation = new Probation(elements);
    for (let i = 0; i < 40; i++) probation.add(of(i % 4), outcome(i % 4));
    let count = 0;
    await probation.prove(1, (input) => {
      count++;
      return right(input);
    });
    return count;
  };
  t.same([await tried(1000), await tried(2 ** 18), await tried(2 ** 24)], [32, 16, 0]);
});
