import { test } from 'tap';
import type { Observation, SelectionPolicy } from '../selection-policy.js';
import { POLICY_NAMES, policyOf, type SelectionChoice } from './index.js';

const observe = (entropy: number, random = 0.5): Observation => ({
  ...{ entropy, random, version: 0 },
  ...{ logits: Float32Array.of(1, 0), probabilities: Float32Array.of(0.7, 0.3) },
});

/** Runs a policy over predictions. @returns the decisions */
function run(policy: SelectionPolicy, observations: readonly Observation[]) {
  let state = policy.initial(2);
  return observations.map((observation) => {
    const before = structuredClone(state);
    const decision = policy.decide(state, observation);
    if (JSON.stringify(before) !== JSON.stringify(state)) throw new Error('a policy changed its state in place');
    state = decision.state;
    return decision;
  });
}

const uploads = (choice: SelectionChoice, observations: readonly Observation[]): number =>
  run(policyOf(choice), observations).filter(({ upload }) => upload !== undefined).length;

// A generator that visits [0, 1) evenly.
const spread = (n: number): Observation[] =>
  Array.from({ length: n }, (_, i) => observe((i * 0.618) % 1, (i * 0.382) % 1));

test('everything, nothing, and shares', async (t) => {
  const stream = spread(1000);
  t.equal(uploads('everything', stream), 1000);
  t.equal(uploads('nothing', stream), 0);
  const random = uploads({ policy: 'random', share: 0.05 }, stream);
  t.ok(random > 40 && random < 60, `${random} of 1,000 at random`);
  const uncertain = uploads({ policy: 'uncertain', share: 0.05 }, stream);
  t.ok(uncertain > 30 && uncertain < 90, `${uncertain} of 1,000 uncertain`);
  t.equal(uploads({ policy: 'random', share: 0 }, stream), 0);
  t.equal(uploads({ policy: 'uncertain', share: 1 }, stream), 1000);
});

test('the most uncertain are those with the highest entropy of late, and say so as their score', async (t) => {
  const calm = spread(300);
  const decisions = run(policyOf({ policy: 'uncertain', share: 0.02 }), [...calm, observe(5), observe(0)]);
  t.match(decisions.at(-2), { reason: 'uncertain', upload: { score: 5 } });
  t.equal(decisions.at(-1)?.upload, undefined);
  t.equal(run(policyOf('uncertain'), [observe(Number.NaN)])[0]?.upload, undefined);
});

test('a policy or a function of the user’s own', async (t) => {
  const every = (n: number): SelectionPolicy<number> => ({
    name: `every-${n}`,
    initial: () => 0,
    decide: (count) => ({ state: count + 1, reason: 'counted', ...(count % n === 0 && { upload: {} }) }),
  });
  t.equal(uploads(every(10) as SelectionPolicy, spread(100)), 10);
  t.equal(
    uploads(({ entropy }) => entropy > 0.5, spread(100)),
    spread(100).filter(({ entropy }) => entropy > 0.5).length,
  );
});

test('what names no policy, or no share, is refused by name', async (t) => {
  const refuse = (choice: unknown, message: RegExp): void => {
    t.throws(() => policyOf(choice as SelectionChoice).initial(2), { code: 'REQUEST_INVALID', message });
  };
  refuse('sema', /one of cema, everything, nothing, random, renorm, uncertain/);
  refuse({ policy: 'toString' }, /toString/);
  refuse({ policy: 'random', share: 2 }, /share is 2/);
  refuse({ decide: () => undefined }, /has to have a name/);
  t.equal(policyOf({ share: 0.2 }).name, 'renorm', 'options alone are those of the default');
  t.equal(POLICY_NAMES.length, 6);
});

test('options without a name are those of the default, or of cema where they can only be its own', async (t) => {
  t.equal(policyOf({}).name, 'renorm');
  t.equal(policyOf({ share: 0.05 }).name, 'renorm');
  t.equal(policyOf({ unreliableEntropy: 2, uninformativeEntropy: -1, redundancyMargin: 2 }).name, 'cema');
  t.throws(() => policyOf({ shrae: 0.05 } as SelectionChoice), { code: 'REQUEST_INVALID', message: /share/ });
});
