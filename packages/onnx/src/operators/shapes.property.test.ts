import fc from 'fast-check';
import { test } from 'tap';
import { ARBITRARIES } from '../testing/cases.js';
import { isBatched, titleOf } from '../testing/check-gradient.js';
import { checkShape } from '../testing/check-shape.js';

const RUNS = 25;
const SEED = 21;

for (const [operator, cases] of Object.entries(ARBITRARIES)) {
  test(`${operator}: the shape of any case is onnxruntime's`, async (t) => {
    const property = fc.asyncProperty(cases, fc.boolean(), async (entry, open) => {
      const batched = open && isBatched(entry);
      const { inferred, real, right } = await checkShape(entry, batched);
      const known = batched || `${inferred}` === `${real}`;
      if (!right || !known) throw new Error(`${inferred} where it is ${real}`);
    });
    const { counterexample, errorInstance } = await fc.check(property, { seed: SEED, numRuns: RUNS });
    const [entry, open] = counterexample ?? [];
    const line = entry === undefined ? 'right' : `${titleOf(entry)}${open ? ', the batch open' : ''}: ${errorInstance}`;
    t.equal(line, 'right');
  });
}
