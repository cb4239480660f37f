import type { Operation } from '../graph.js';

/** Operators whose derivative is 0 wherever there is one. */
const FLAT: ReadonlySet<string> = new Set(
  (
    'Sign Floor Ceil Round Shape Size ConstantOfShape EyeLike NonZero ArgMax ArgMin OneHot Range ' +
    'Equal Greater GreaterOrEqual Less LessOrEqual And Or Xor Not IsNaN IsInf ' +
    'RandomNormalLike RandomUniformLike Bernoulli Hardmax Constant'
  ).split(' '),
);

/** float32, float16, double, bfloat16 of TensorProto.DataType */
const FLOATS: ReadonlySet<unknown> = new Set([1, 10, 11, 16]);

/** Whether no gradient flows through an operation because its value does not change with its inputs, or in steps. */
export const isFlat = ({ type, attributes }: Pick<Operation, 'type' | 'attributes'>): boolean =>
  FLAT.has(type) || (type === 'Cast' && !FLOATS.has(attributes.to));

/** Whether an operation looks at an input for its type alone. */
export const isTypeOnly = ({ type }: Pick<Operation, 'type'>, i: number): boolean => type === 'CastLike' && i === 1;
