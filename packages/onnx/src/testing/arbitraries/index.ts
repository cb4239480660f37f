import type { CaseArbitrary } from './arbitrary.js';
import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
import { reduce } from './reduce.js';
import { shape } from './shape.js';
import { window } from './window.js';

/** Random cases by operator. An operator is added in its family's file. */
export const ARBITRARIES: Readonly<Record<string, CaseArbitrary>> = {
  ...elementwise,
  ...linear,
  ...reduce,
  ...shape,
  ...window,
};

/** Operators with a rule and without random cases, and why. */
export const WITHOUT_ARBITRARY: Readonly<Record<string, string>> = {
  BatchNormalization: 'its gradient is not the derivative of its value: normalize.test.ts',
};
