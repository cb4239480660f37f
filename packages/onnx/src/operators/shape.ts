import { rearranged, type SmallTensor } from '../graph/small-tensor.js';
import type { FoldContext, ShapeRule } from '../graph/types.js';
import { type Family, input, type Rule, rankOf } from './operator.js';
import { list, number } from './semantics/attributes.js';
import { axesGiven, permutation, product, squeezed, unsqueezed } from './semantics/axis.js';
import { asked, reshaped } from './semantics/reshape.js';

/** The elements stay, their arrangement goes back. */
const restore: Rule = (graph, g, op) => graph.reshapeLike(g, input(op, 0));

const flattened: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const axis = number(context, 'axis', 1);
  return shape && [product(shape.slice(0, axis)), product(shape.slice(axis))];
};

const withoutAxes: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const axes = axesGiven(context, 1);
  const open = axes?.length === 0 && shape?.some((dim) => dim === undefined);
  return shape === undefined || axes === undefined || open ? undefined : squeezed(shape, axes);
};

const withAxes: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const axes = axesGiven(context, 1);
  return shape && axes && unsqueezed(shape, axes);
};

/** Axes of a small tensor: an attribute in older operator sets. */
const axesOf = ({ list: given, attributes }: FoldContext): readonly number[] =>
  list({ attributes }, 'axes') ?? given(1) ?? [];

function reshapedSmall({ at, list: given, attributes }: FoldContext): SmallTensor {
  const data = at(0);
  const target = asked(given(1) ?? [], data.dims, attributes.allowzero === 1) as number[];
  const known = target.filter((size) => size >= 0).reduce((p, d) => p * d, 1);
  return { ...data, dims: target.map((size) => (size < 0 ? data.values.length / known : size)) };
}

function transposedSmall({ at, attributes }: FoldContext): SmallTensor {
  const data = at(0);
  const perm = permutation(attributes, data.dims.length);
  return rearranged(
    data,
    perm.map((axis) => data.dims[axis] as number),
    (index) => data.dims.map((_, axis) => index[perm.indexOf(axis)] as number),
  );
}

const transposedBack: Rule = (graph, g, op) => {
  const perm = permutation(op.attributes, rankOf(op));
  return graph.transpose(
    g,
    perm.map((_, axis) => perm.indexOf(axis)),
  );
};

/** The same elements under other axes. */
export const shapes: Family = {
  Flatten: { shape: flattened, gradient: [restore] },
  Reshape: { shape: reshaped, fold: reshapedSmall, gradient: [restore] },
  Squeeze: {
    shape: withoutAxes,
    fold: (context) => ({ ...context.at(0), dims: squeezed(context.at(0).dims, axesOf(context)) }),
    gradient: [restore],
  },
  Unsqueeze: {
    shape: withAxes,
    fold: (context) => ({ ...context.at(0), dims: unsqueezed(context.at(0).dims, axesOf(context)) }),
    gradient: [restore],
  },
  Transpose: {
    shape: ({ shapes: [shape], attributes }) =>
      shape && permutation(attributes, shape.length).map((axis) => shape[axis]),
    fold: transposedSmall,
    gradient: [transposedBack],
    rearranges: true,
  },
};
