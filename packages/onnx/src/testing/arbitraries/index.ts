import { activations } from './activations.js';
import type { CaseArbitrary } from './arbitrary.js';
import { arrange } from './arrange.js';
import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
import { normalization } from './normalization.js';
import { reduce } from './reduce.js';
import { selection } from './selection.js';
import { shape } from './shape.js';
import { window } from './window.js';

/** Random cases by operator. An operator is added in its family's file. */
export const ARBITRARIES: Readonly<Record<string, CaseArbitrary>> = {
  ...elementwise,
  ...activations,
  ...linear,
  ...reduce,
  ...shape,
  ...arrange,
  ...window,
  ...selection,
  ...normalization,
};

/** Operators with a rule and without random cases, and why. */
export const WITHOUT_ARBITRARY: Readonly<Record<string, string>> = {
  GatherND: 'its indices are tuples; the cases of testing/cases/selection.ts are enough',
  LpNormalization: 'a vector near 0 has no direction; testing/cases/normalization.ts',
  ReduceProd: 'central differences of a product of many numbers are not within the tolerance; testing/cases/reduce.ts',
  ...Object.fromEntries(
    'SplitToSequence SequenceAt'.split(' ').map((type) => [type, 'one form in use; testing/cases'] as const),
  ),
  QuantizeLinear: 'its gradient is straight through, not that of the steps: quantize.test.ts',
  DequantizeLinear: 'it reads integers: quantize.test.ts',
  BatchNormalization: 'its gradient is not the derivative of its value: normalize.test.ts',
};
