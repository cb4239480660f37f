import fc from 'fast-check';
import { test } from 'tap';
import { ARBITRARIES } from '../testing/cases.js';
import { checkGradient, isBatched, titleOf } from '../testing/check-gradient.js';

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
