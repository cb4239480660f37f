import type { Shape } from '../graph-base.js';
import { type ShapeRule, type ShapeRules, shared, together } from './shape-rule.js';

const same: ShapeRule = ({ shapes }) => shapes[0];

const broadcast: ShapeRule = ({ shapes }) =>
  shapes.reduce<Shape | undefined>((a, b) => (a === undefined || b === undefined ? undefined : together(a, b)), []);

/** Operators whose output has the shape of their first input, or of all inputs repeated along each other. */
export const elementwise: ShapeRules = {
  ...shared(
    'Identity Cast CastLike Dropout Neg Abs Reciprocal Exp Log Sqrt Erf Sign Floor Ceil Round Not IsNaN IsInf ' +
      'Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Sigmoid HardSigmoid HardSwish Swish Mish Gelu ' +
      'Relu LeakyRelu ThresholdedRelu Elu Selu Celu Softplus Softsign Shrink PRelu Clip Softmax LogSoftmax Hardmax ' +
      'BatchNormalization InstanceNormalization GroupNormalization LayerNormalization RMSNormalization ' +
      'LpNormalization MeanVarianceNormalization LRN CumSum Trilu ScatterElements ScatterND Scatter ' +
      'QuantizeLinear DequantizeLinear',
    same,
  ),
  ...shared(
    'Add Sub Mul Div Pow Mod Min Max Sum Mean Equal Greater GreaterOrEqual Less LessOrEqual And Or Xor Where BitShift',
    broadcast,
  ),
};
