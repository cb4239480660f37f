import fc from 'fast-check';
import { test } from 'tap';
import { ARBITRARIES, WITHOUT_ARBITRARY } from '../testing/arbitraries/index.js';
import { checkGradient, isBatched, titleOf } from '../testing/check-gradient.js';
import { RULES } from './rules.js';

const RUNS = 25;
const SEED = 20;

for (const [operator, cases] of Object.entries(ARBITRARIES)) {
  test(`${operator}: the gradient of any case is its difference quotient`, async (t) => {
    const property = fc.asyncProperty(cases, fc.boolean(), async (entry, open) => {
      const wrong = await checkGradient(entry, open && isBatched(entry) ? 'the batch open' : 'all shapes known');
      if (wrong.length > 0) throw new Error(wrong.join('; '));
    });
    const { counterexample, errorInstance, numShrinks } = await fc.check(property, { seed: SEED, numRuns: RUNS });
    const [entry, open] = counterexample ?? [];
    const line =
      entry === undefined
        ? 'every case holds'
        : `${titleOf(entry)}${open ? ', the batch open' : ''}: ${errorInstance} (after ${numShrinks} simpler cases)`;
    t.equal(line, 'every case holds');
  });
}

test('every rule has random cases, or a reason why it has none', async (t) => {
  const covered = [...Object.keys(ARBITRARIES), ...Object.keys(WITHOUT_ARBITRARY)];
  t.same(covered.sort(), Object.keys(RULES).sort());
});
