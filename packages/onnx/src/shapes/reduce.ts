import type { Shape } from '../graph-base.js';
import { integersOf } from '../integers.js';
import { type Context, fromFront, list, number, type ShapeRule, type ShapeRules, shared } from './shape-rule.js';

/** The axes of a reduction, which are an input from some opset on and an attribute before. */
function reductionAxes({ inputs, shapes, attributes, graph }: Context): number[] | undefined {
  const rank = shapes[0]?.length;
  const input = inputs[1] === undefined ? [] : integersOf(graph, inputs[1]);
  if (rank === undefined || input === undefined || input.some((axis) => axis === undefined)) return undefined;
  const axes = list({ attributes }, 'axes') ?? (input as number[]);
  if (axes.length > 0) return fromFront(axes, rank);
  return number({ attributes }, 'noop_with_empty_axes', 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

const without = (shape: Shape, axes: readonly number[], keepdims: boolean): Shape =>
  keepdims ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : shape.filter((_, i) => !axes.includes(i));

const reduce: ShapeRule = (context) => {
  const axes = reductionAxes(context);
  const [shape] = context.shapes;
  return axes && shape && without(shape, axes, number(context, 'keepdims', 1) === 1);
};

const overOneAxis: ShapeRule = (context) => {
  const [shape] = context.shapes;
  return (
    shape && without(shape, fromFront([number(context, 'axis', 0)], shape.length), number(context, 'keepdims', 1) === 1)
  );
};

export const reduction: ShapeRules = {
  ...shared(
    'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp',
    reduce,
  ),
  ...shared('ArgMax ArgMin', overOneAxis),
};
