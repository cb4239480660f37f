import { test } from 'tap';
import { WINDOW } from '../testing/cases/window.js';
import { CASES, FREE } from '../testing/cases.js';
import { checkGradient, isBatched, type Known, titleOf } from '../testing/check-gradient.js';
import { differentiableOperators, RULES } from './rules.js';

for (const entry of CASES) {
  const checked = (known: Known) =>
    test(`${titleOf(entry)}, ${known}`, async (t) => t.same(await checkGradient(entry, known), []));
  checked('all shapes known');
  if (isBatched(entry)) checked('the batch open');
  if (!WINDOW.includes(entry)) checked('the shape of the output not known');
  if (FREE.includes(entry)) checked('all sizes open');
}

test('every rule has a case', async (t) => {
  const covered = new Set(
    CASES.flatMap(({ operator, shapes, frozen, first }) =>
      shapes.flatMap((_, i) => (frozen.includes(i) ? [] : [`${operator} input ${i + first.length}`])),
    ),
  );
  // Its gradient is not the derivative of its value: normalize.test.ts.
  for (const i of [0, 1, 2]) covered.add(`BatchNormalization input ${i}`);
  // Their values are sequences: sequence.test.ts.
  for (const operator of ['SplitToSequence', 'SequenceAt']) covered.add(`${operator} input 0`);
  // Straight-through: quantize.test.ts.
  for (const operator of ['QuantizeLinear', 'DequantizeLinear']) covered.add(`${operator} input 0`);
  const rules = differentiableOperators().flatMap((operator) => inputsWithRule(operator));
  t.same(
    rules.filter((rule) => !covered.has(rule)),
    [],
  );
});

/** Where all inputs have the same rule, the first stands for them. */
function inputsWithRule(operator: string): string[] {
  const entry = RULES[operator] ?? [];
  if (!('length' in entry)) return [`${operator} input 0`];
  return entry.flatMap((rule, i) => (rule === undefined ? [] : [`${operator} input ${i}`]));
}
