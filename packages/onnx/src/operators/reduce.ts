import type { Graph } from '../graph/graph.js';
import type { SmallTensor } from '../graph/small-tensor.js';
import { Unknown } from '../graph/small-values.js';
import type { FoldContext, Operation, ShapeRule, Value } from '../graph/types.js';
import { intsIn } from './formulas/constants.js';
import { quotient, zero } from './formulas/masks.js';
import { shapeOf, share } from './formulas/sizes.js';
import { type Family, input, output, type Rule } from './operator.js';
import { list, number } from './semantics/attributes.js';
import { product, reducedAxes, reducedShape } from './semantics/axis.js';
import { same } from './semantics/same.js';
import { overImage } from './semantics/window.js';

const reduced: ShapeRule = (context) => {
  const axes = reducedAxes(context);
  const [shape] = context.shapes;
  return axes && shape && reducedShape(shape, axes, number(context, 'keepdims', 1) === 1);
};

/** Over all axes. */
function productOfAll({ at, list: given, attributes }: FoldContext): SmallTensor {
  const data = at(0);
  const axes = list({ attributes }, 'axes') ?? given(1) ?? [];
  if (axes.length > 0 ? axes.length !== data.dims.length : attributes.noop_with_empty_axes === 1) throw new Unknown();
  const keepdims = number({ attributes }, 'keepdims', 1) === 1;
  return { dims: keepdims ? data.dims.map(() => 1) : [], values: [product(data.values)], integer: data.integer };
}

/** The axes of a reduction: an input from some opset on, an attribute before; undefined for all. */
function axesOf(graph: Graph, op: Operation): Value | undefined {
  const attribute = list(op, 'axes');
  if (attribute !== undefined) return graph.ints(attribute);
  return intsIn(graph, op.inputs[1])?.length === 0 ? undefined : op.inputs[1];
}

/** Whether an operator without axes leaves its input as it is. */
const isIdentity = (graph: Graph, op: Operation): boolean =>
  number(op, 'noop_with_empty_axes', 0) === 1 && axesOf(graph, op) === undefined;

/** A value in the shape of the output, with the axes that are gone from it: it can be broadcast to the input. */
function kept(graph: Graph, value: Value, op: Operation): Value {
  const axes = axesOf(graph, op);
  // Where all axes are gone the value is a scalar, which is broadcast to any shape.
  if (number(op, 'keepdims', 1) === 1 || axes === undefined) return value;
  return graph.op('Unsqueeze', [value, axes]);
}

/** The gradient of a sum: the same number for every element that went into it. */
const spread = (graph: Graph, g: Value, op: Operation): Value =>
  isIdentity(graph, op) ? g : graph.op('Expand', [kept(graph, g, op), shapeOf(graph, input(op, 0))]);

/** Elements that tie share the gradient. */
const extreme =
  (distance: (graph: Graph, y: Value, x: Value) => Value): Rule =>
  (graph, g, op) => {
    const mask = zero(graph, distance(graph, kept(graph, output(op), op), input(op, 0)));
    const axes = axesOf(graph, op);
    const ties = graph.op('ReduceSum', axes === undefined ? [mask] : [mask, axes], { keepdims: 1 });
    return graph.mul(mask, graph.div(kept(graph, g, op), ties));
  };

/**
 * The product of the other elements. Each 0 is taken as 1 at first; a product of others is theirs where none of them is
 * 0.
 */
const productBack: Rule = (graph, g, op) => {
  const x = input(op, 0);
  const axes = axesOf(graph, op);
  const zeros = zero(graph, graph.op('Abs', [x]));
  const others = graph.plus(x, zeros);
  const given = axes === undefined ? [] : graph.opset >= 18 ? [axes] : undefined;
  const whole =
    given === undefined
      ? graph.op('ReduceProd', [others], { axes: list(op, 'axes') ?? [], keepdims: 1 })
      : graph.op('ReduceProd', [others, ...given], { keepdims: 1 });
  const count = graph.op('ReduceSum', axes === undefined ? [zeros] : [zeros, axes], { keepdims: 1 });
  const alone = zero(graph, graph.sub(count, zeros));
  return graph.mul(graph.mul(graph.div(whole, others), alone), kept(graph, g, op));
};

/** A rule f(x) h(g, y): what can be is done in the smaller shape of y. */
const times =
  (large: (graph: Graph, x: Value) => Value, small: (graph: Graph, g: Value, y: Value) => Value): Rule =>
  (graph, g, op) =>
    graph.mul(large(graph, input(op, 0)), kept(graph, small(graph, g, output(op)), op));

/**
 * The value of a Softmax, with 0 where it is NaN: a row that is masked whole. Readers leave it out there, and the
 * gradient has to as well. Only where the model looks out for that, as it is one pass more.
 */
function guarded(graph: Graph, y: Value): Value {
  const watched = graph.operations.some(({ type, inputs: [x] }) => type === 'IsNaN' && x?.name === y.name);
  return watched ? graph.op('Where', [graph.op('IsNaN', [y]), graph.constant(0), y]) : y;
}

const softmaxAxis = (op: Operation): number => number(op, 'axis', -1);

/** The same number for every element of a channel. */
const averageBack: Rule = (graph, g, op) => {
  const x = input(op, 0);
  return graph.op('Expand', [graph.mul(g, share(graph, x, output(op))), shapeOf(graph, x)]);
};

/** What takes one number of many, or divides by one. */
export const reductions: Family = {
  ReduceSum: { shape: reduced, gradient: [spread] },
  ReduceMean: {
    shape: reduced,
    gradient: [(graph, g, op) => spread(graph, graph.mul(g, share(graph, input(op, 0), output(op))), op)],
  },
  ReduceMax: { shape: reduced, gradient: [extreme((graph, y, x) => graph.sub(y, x))] },
  ReduceMin: { shape: reduced, gradient: [extreme((graph, y, x) => graph.sub(x, y))] },
  ReduceProd: { shape: reduced, fold: productOfAll, gradient: [productBack] },
  ReduceL1: {
    shape: reduced,
    gradient: [
      times(
        (graph, x) => graph.op('Sign', [x]),
        (_, g) => g,
      ),
    ],
  },
  ReduceL2: {
    shape: reduced,
    gradient: [
      times(
        (_, x) => x,
        (graph, g, y) => quotient(graph, g, y),
      ),
    ],
  },
  ReduceSumSquare: {
    shape: reduced,
    gradient: [
      times(
        (_, x) => x,
        (graph, g) => graph.scale(g, 2),
      ),
    ],
  },
  ReduceLogSum: {
    shape: reduced,
    gradient: [(graph, g, op) => spread(graph, graph.div(g, graph.exp(output(op))), op)],
  },
  ReduceLogSumExp: {
    shape: reduced,
    gradient: [
      (graph, g, op) => graph.mul(graph.exp(graph.sub(input(op, 0), kept(graph, output(op), op))), kept(graph, g, op)),
    ],
  },
  /** y (g - sum(g y)) */
  Softmax: {
    shape: same,
    gradient: [
      (graph, g, op) => {
        const y = guarded(graph, output(op));
        return graph.mul(y, graph.sub(g, graph.reduceSum(graph.mul(g, y), [softmaxAxis(op)], true)));
      },
    ],
  },
  /** g - softmax(x) sum(g) */
  LogSoftmax: {
    shape: same,
    gradient: [
      (graph, g, op) =>
        graph.sub(g, graph.mul(graph.exp(guarded(graph, output(op))), graph.reduceSum(g, [softmaxAxis(op)], true))),
    ],
  },
  GlobalAveragePool: { shape: overImage, gradient: [averageBack] },
};
