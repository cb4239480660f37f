import { test } from 'tap';
import { foundationVerdict } from './foundation-verdict.js';

const CLASSES = 10;
const COUNT = 30;
const plain = { foreign: 0, isSame: false };

/** Predictions that say a class with some probability, and share the rest. */
const saying = (classOf: (i: number) => number, sure: number) =>
  Array.from({ length: COUNT }, (_, i) =>
    Float64Array.from({ length: CLASSES }, (_, c) => (c === classOf(i) ? sure : (1 - sure) / (CLASSES - 1))),
  );
const edge = saying((i) => i % CLASSES, 0.8);

test('a foundation model that is as sure and says much the same may teach', async (t) => {
  t.match(
    foundationVerdict(
      edge,
      saying((i) => (i % 4 === 0 ? 0 : i % CLASSES), 0.9),
      plain,
    ),
    {
      ...{ isBetter: true, samples: COUNT, reason: undefined },
    },
  );
});

test('what cannot teach is said, with what to look at', async (t) => {
  const refused = (foundation: typeof edge, reason: RegExp, circumstances = plain) =>
    t.match(foundationVerdict(edge, foundation, circumstances), { isBetter: false, reason }, String(reason));
  refused(
    saying((i) => (i + 3) % CLASSES, 0.95),
    /0% into the class .* another order; .*classes/,
  );
  refused(
    saying(() => 2, 0.95),
    /a few classes/,
  );
  refused(
    saying((i) => i % CLASSES, 0.5),
    /less sure of 30 samples \(entropy 78%/,
  );
  refused(edge, /the edge model itself/, { ...plain, isSame: true });
  refused(edge, /40% of the values .* no pixels .*--preprocessing/, { ...plain, foreign: 0.4 });
});

test('where the edge model guesses, it is no measure', async (t) => {
  const guessing = saying((i) => i % CLASSES, 0.2);
  t.equal(
    foundationVerdict(
      guessing,
      saying((i) => (i + 3) % CLASSES, 0.9),
      plain,
    ).isBetter,
    true,
  );
});
