import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { fromConstant, SMALL } from '../graph/small-constant.js';
import { combined, type SmallTensor, vector } from '../graph/small-tensor.js';
import { Unknown } from '../graph/small-values.js';
import type { Dim, FoldContext, FoldRule, ShapeRule } from '../graph/types.js';
import { alike, type Family } from './operator.js';
import { number } from './semantics/attributes.js';
import { fromFront, product, reducedShape } from './semantics/axis.js';
import { binary, repeated, unary } from './semantics/elementwise.js';
import { same } from './semantics/same.js';

function sizesSmall({ operation, attributes }: FoldContext): SmallTensor {
  const shape = operation.inputs[0]?.shape;
  if (shape === undefined) throw new Unknown();
  return vector(shape.slice(attributes.start as number | undefined, attributes.end as number | undefined));
}

function filled({ list, operation }: FoldContext): SmallTensor {
  const dims = list(0) ?? [];
  const tensor = operation.raw?.find(({ name }) => name === 'value')?.t;
  const value = tensor === undefined ? 0 : fromConstant(tensor)?.values[0];
  const count = dims.reduce((p, d) => p * d, 1);
  if (count > SMALL) throw new Unknown();
  return { dims, values: new Array<Dim>(count).fill(value), integer: tensor?.dataType === Type.INT64 };
}

function range({ list }: FoldContext): SmallTensor {
  const [start, limit, delta] = [0, 1, 2].map((i) => list(i)?.[0] as number) as [number, number, number];
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (count > SMALL) throw new Unknown();
  return vector(Array.from({ length: count }, (_, i) => start + i * delta));
}

function countSmall({ operation }: FoldContext): SmallTensor {
  return { dims: [], values: [product(operation.inputs[0]?.shape)], integer: true };
}

const remainder: FoldRule = ({ at, attributes }) =>
  combined(at(0), at(1), (x, y) => (number({ attributes }, 'fmod', 0) === 1 ? x % y : ((x % y) + y) % y));

const sizesShape: ShapeRule = ({ shapes: [shape], attributes }) => {
  const { start, end } = attributes as { start?: number; end?: number };
  return shape && [shape.slice(start, end).length];
};

const alongOneAxis: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const axis = fromFront(number(context, 'axis', 0), shape?.length ?? 0);
  return shape && reducedShape(shape, [axis], number(context, 'keepdims', 1) === 1);
};

/** Operators whose derivative is 0 wherever there is one: they change in steps, or not with their inputs at all. */
export const flats: Family = {
  ...alike('Sign Round IsNaN IsInf Hardmax', { shape: same, flat: true }),
  Floor: { shape: same, fold: unary(Math.floor), flat: true },
  Ceil: { shape: same, fold: unary(Math.ceil), flat: true },
  Not: { shape: same, fold: unary((x) => Number(x === 0)), flat: true },
  ...alike('GreaterOrEqual LessOrEqual And Or Xor', { shape: repeated, flat: true }),
  Equal: { shape: repeated, fold: binary((x, y) => Number(x === y)), flat: true },
  Greater: { shape: repeated, fold: binary((x, y) => Number(x > y)), flat: true },
  Less: { shape: repeated, fold: binary((x, y) => Number(x < y)), flat: true },
  Mod: { shape: repeated, fold: remainder },
  BitShift: { shape: repeated },
  Shape: { shape: sizesShape, fold: sizesSmall, flat: true },
  Size: { shape: () => [], fold: countSmall, flat: true },
  ConstantOfShape: { shape: ({ graph, inputs }) => graph.integers(inputs[0]), fold: filled, flat: true },
  Range: { shape: () => [undefined], fold: range, flat: true },
  ...alike('ArgMax ArgMin', { shape: alongOneAxis, flat: true }),
  ...alike('Constant EyeLike NonZero OneHot RandomNormalLike RandomUniformLike Bernoulli', { flat: true }),
};
