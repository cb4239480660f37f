import { test } from 'tap';
import { CASES, FREE, OUTPUT_SHAPE } from '../testing/cases.js';
import { checkGradient, isBatched, type Known, titleOf } from '../testing/check-gradient.js';

for (const entry of CASES) {
  const checked = (known: Known) =>
    test(`${titleOf(entry)}, ${known}`, async (t) => t.same(await checkGradient(entry, known), []));
  checked('all shapes known');
  if (isBatched(entry)) checked('the batch open');
  if (!OUTPUT_SHAPE.includes(entry)) checked('the shape of the output not known');
  if (FREE.includes(entry)) checked('all sizes open');
}
