import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import type { Dim } from '../graph-base.js';
import { combined, mapped, type SmallTensor, vector } from '../small-tensor.js';
import { fromConstant } from './constant.js';
import { rearrange } from './rearrange.js';
import { type Context, type IntegerRule, number, SMALL, Unknown } from './rule.js';

const binary =
  (rule: (x: number, y: number, integer: boolean) => number) =>
  ({ at }: Context): SmallTensor =>
    combined(at(0), at(1), rule);

const unary =
  (rule: (x: number) => number) =>
  ({ at }: Context): SmallTensor =>
    mapped(at(0), rule);

/** Over one input or more. */
const each =
  (rule: (x: number, y: number) => number) =>
  ({ at, operation }: Context): SmallTensor =>
    operation.inputs.map((_, i) => at(i)).reduce((a, b) => combined(a, b, (x, y) => rule(x, y)));

function shapeOf({ operation, attributes }: Context): SmallTensor {
  const shape = operation.inputs[0]?.shape;
  if (shape === undefined) throw new Unknown();
  return vector(shape.slice(attributes.start as number | undefined, attributes.end as number | undefined));
}

function filled({ list, operation }: Context): SmallTensor {
  const dims = list(0) ?? [];
  const tensor = operation.raw?.find(({ name }) => name === 'value')?.t;
  const value = tensor === undefined ? 0 : fromConstant(tensor)?.values[0];
  const count = dims.reduce((p, d) => p * d, 1);
  if (count > SMALL) throw new Unknown();
  return { dims, values: new Array<Dim>(count).fill(value), integer: tensor?.dataType === Type.INT64 };
}

function range({ list }: Context): SmallTensor {
  const [start, limit, delta] = [0, 1, 2].map((i) => list(i)?.[0] as number) as [number, number, number];
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (count > SMALL) throw new Unknown();
  return vector(Array.from({ length: count }, (_, i) => start + i * delta));
}

/** Over all axes. */
function product({ at, list, attributes }: Context): SmallTensor {
  const data = at(0);
  const axes = (attributes.axes as readonly number[] | undefined) ?? list(1) ?? [];
  if (axes.length > 0 ? axes.length !== data.dims.length : attributes.noop_with_empty_axes === 1) throw new Unknown();
  const all = data.values.reduce<Dim>((p, d) => (p === undefined || d === undefined ? undefined : p * d), 1);
  return { dims: (attributes.keepdims ?? 1) === 1 ? data.dims.map(() => 1) : [], values: [all], integer: data.integer };
}

function size({ operation }: Context): SmallTensor {
  const shape = operation.inputs[0]?.shape;
  const all = shape?.reduce<Dim>((p, d) => (p === undefined || d === undefined ? undefined : p * d), 1);
  return { dims: [], values: [all], integer: true };
}

const INTEGER_TYPES: ReadonlySet<unknown> = new Set([Type.INT64, Type.INT32, Type.BOOL]);

/** What shapes are computed with, by operator. */
export const RULES: Readonly<Record<string, IntegerRule>> = {
  ...rearrange,
  Identity: ({ at }) => at(0),
  Shape: shapeOf,
  Size: size,
  Cast: ({ at, attributes }) => {
    const integer = INTEGER_TYPES.has(attributes.to);
    if (attributes.to === Type.BOOL) return mapped(at(0), (x) => Number(x !== 0), true);
    return mapped(at(0), integer ? Math.trunc : (x) => x, integer);
  },
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: binary((x, y, integer) => (integer ? Math.trunc(x / y) : x / y)),
  Mod: (context) =>
    combined(context.at(0), context.at(1), (x, y) => (number(context, 'fmod', 0) === 1 ? x % y : ((x % y) + y) % y)),
  Min: each(Math.min),
  Max: each(Math.max),
  Equal: binary((x, y) => Number(x === y)),
  Greater: binary((x, y) => Number(x > y)),
  Less: binary((x, y) => Number(x < y)),
  Pow: binary((x, y) => x ** y),
  Neg: unary((x) => 0 - x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  Not: unary((x) => Number(x === 0)),
  ConstantOfShape: filled,
  Range: range,
  ReduceProd: product,
};
