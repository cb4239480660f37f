import { activations } from './activations.js';
import type { CaseArbitrary } from './arbitrary.js';
import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
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
  ...selection,
  ...window,
};

/** Operators with a rule and without random cases, and why. */
export const WITHOUT_ARBITRARY: Readonly<Record<string, string>> = {
  ...because(
    'a formula without choices, or with those of its cases in testing/cases',
    'Acos Acosh Asin Asinh Atan Atanh Cast CastLike Clip Cosh CumSum DepthToSpace Dropout Einsum Expand GatherElements GatherND ' +
      'GroupNormalization HardSigmoid InstanceNormalization LayerNormalization LpNormalization Max Mean Min Pow PRelu ' +
      'RMSNormalization Resize Shrink Sinh SpaceToDepth Sum Swish Tan ThresholdedRelu Trilu Where',
  ),
  ...because('its values are sequences: sequence.test.ts', 'SequenceAt SplitToSequence'),
  BatchNormalization: 'its gradient is not the derivative of its value: normalize.test.ts',
};

function because(reason: string, operators: string): Record<string, string> {
  return Object.fromEntries(operators.split(' ').map((operator) => [operator, reason]));
}
