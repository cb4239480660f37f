import type { Graph } from '../graph/graph.js';
import type { Operation, ShapesRule, Value } from '../graph/types.js';
import { batchNormalization } from './formulas/batch-renormalization.js';
import { quotient, square } from './formulas/masks.js';
import {
  from,
  inverseRoot,
  normalized,
  ones,
  type Standardized,
  standardize,
  through,
} from './formulas/standardize.js';
import { axisFrom, type Family, input, type Rule, rankOf } from './operator.js';
import { number } from './semantics/attributes.js';
import { fromFront } from './semantics/axis.js';
import { same } from './semantics/same.js';

function layerOf(graph: Graph, op: Operation): Standardized & { readonly axes: number[] } {
  const rank = rankOf(op);
  const axis = axisFrom(op, -1);
  const epsilon = number(op, 'epsilon', 1e-5);
  return { ...normalized(graph, input(op, 0), input(op, 1), axis - rank, epsilon), axes: from(axis, rank) };
}

/** g gamma, or g where the operation has no scale: see normalized. */
const scaled = (graph: Graph, g: Value, op: Operation): Value =>
  input(op, 1).name === ones(graph, input(op, 1)).name ? g : graph.mul(g, input(op, 1));

function rootMeanSquareOf(graph: Graph, op: Operation): Standardized & { readonly axes: number[] } {
  const x = input(op, 0);
  const axes = from(axisFrom(op, -1), rankOf(op));
  const inverse = inverseRoot(graph, graph.reduceMean(square(graph, x), axes, true), op);
  return { normal: { name: graph.mul(x, inverse).name, shape: x.shape }, inverse, axes };
}

/** Per instance and channel: everything but the first two axes. */
function instanceOf(graph: Graph, op: Operation): Standardized & { readonly axes: number[] } {
  const axes = from(2, rankOf(op));
  return { ...standardize(graph, input(op, 0), axes, op), axes };
}

/** A parameter per channel, for [batch, channels, ...]. */
const alongChannels = (graph: Graph, value: Value, rank: number): Value =>
  graph.reshape(value, [-1, ...from(2, rank).map(() => 1)]);

const sumPerChannel = (graph: Graph, value: Value, rank: number): Value =>
  graph.reduceSum(graph.reduceSum(value, from(2, rank)), [0]);

/** [batch, groups, the rest] */
const grouped = (graph: Graph, value: Value, op: Operation): Value => ({
  name: graph.reshape(value, [0, number(op, 'num_groups', 1), -1]).name,
  shape: [undefined, number(op, 'num_groups', 1), undefined],
});

const groupsOf = (graph: Graph, op: Operation): Standardized =>
  standardize(graph, grouped(graph, input(op, 0), op), [2], op);

/** Until opset 20 scale and bias had an element for each group, and for each channel from 21 on. */
const perGroup = (graph: Graph): boolean => graph.opset < 21;

const groupInput: Rule = (graph, g, op) => {
  const scale = input(op, 1);
  const h = perGroup(graph)
    ? graph.mul(grouped(graph, g, op), graph.reshape(scale, [-1, 1]))
    : grouped(graph, graph.mul(g, alongChannels(graph, scale, rankOf(op))), op);
  return graph.reshapeLike(through(graph, h, groupsOf(graph, op), [2]), input(op, 0));
};

const groupScale: Rule = (graph, g, op) => {
  const { normal } = groupsOf(graph, op);
  return perGroup(graph)
    ? sumPerChannel(graph, graph.mul(grouped(graph, g, op), normal), 3)
    : sumPerChannel(graph, graph.mul(g, graph.reshapeLike(normal, input(op, 0))), rankOf(op));
};

const groupBias: Rule = (graph, g, op) =>
  perGroup(graph) ? sumPerChannel(graph, grouped(graph, g, op), 3) : sumPerChannel(graph, g, rankOf(op));

/** y = x / |x|: (g - y sum(g y)) / |x|, or (g - sign(x) sum(g y)) / |x| for the sum of absolute values. */
const lpNormalization: Rule = (graph, g, op) => {
  const x = input(op, 0);
  const axis = number(op, 'axis', -1);
  const two = number(op, 'p', 2) === 2;
  const squares = two ? square(graph, x) : graph.op('Abs', [x]);
  const sum = graph.reduceSum(squares, [axis], true);
  const norm = two ? graph.sqrt(sum) : sum;
  const along = graph.reduceSum(graph.mul(g, op.outputs[0] as Value), [axis], true);
  const direction = two ? (op.outputs[0] as Value) : graph.op('Sign', [x]);
  return quotient(graph, graph.sub(g, graph.mul(direction, along)), norm);
};

/**
 * y = x / d^beta with d = bias + alpha mean(x^2) over a window of channels, zeros around them:
 *
 *   dL/dx = g / d^beta - 2 alpha beta x mean'(g x / d^(beta + 1))
 *
 * where mean' goes over the windows that a channel lies in. Krizhevsky, Sutskever and Hinton 2012, section 3.3.
 */
const responseBack: Rule = (graph, g, op) => {
  const x = input(op, 0);
  const [alpha, beta, size] = [number(op, 'alpha', 1e-4), number(op, 'beta', 0.75), number(op, 'size', 1)];
  const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)];
  const mean = (value: Value, from: number, to: number): Value => {
    const channels = graph.op('Unsqueeze', [graph.reshape(value, [0, 0, -1]), graph.ints([1])]);
    const window = { kernel_shape: [size, 1], pads: [from, 0, to, 0], count_include_pad: 1 };
    return graph.reshapeLike(graph.op('AveragePool', [channels], window), x);
  };
  const scaled = graph.scale(mean(square(graph, x), before, after), alpha);
  const d = graph.plus(scaled, graph.constant(number(op, 'bias', 1)));
  const power = (exponent: number): Value => graph.op('Pow', [d, graph.constant(exponent)]);
  const along = mean(graph.mul(graph.mul(g, x), power(-beta - 1)), after, before);
  return graph.sub(graph.mul(g, power(-beta)), graph.mul(x, graph.scale(along, 2 * alpha * beta)));
};

/** The value, its mean and the reciprocal of its deviation. */
const layerShapes: ShapesRule = (context) => {
  const [shape] = context.shapes;
  if (shape === undefined) return [];
  const axis = fromFront(number(context, 'axis', -1), shape.length);
  const statistic = shape.map((size, i) => (i < axis ? size : 1));
  return [shape, statistic, statistic];
};

/** What takes off a mean, divides by a deviation, scales and shifts. */
export const normalizations: Family = {
  BatchNormalization: { shape: same, gradient: batchNormalization, floats: ['epsilon', 'momentum'] },
  LayerNormalization: {
    shapes: layerShapes,
    gradient: [
      (graph, g, op) => {
        const layer = layerOf(graph, op);
        return through(graph, scaled(graph, g, op), layer, layer.axes);
      },
      (graph, g, op) => graph.mul(g, layerOf(graph, op).normal),
      (_, g) => g,
    ],
    broadcasts: 'together',
    floats: ['epsilon'],
  },
  RMSNormalization: {
    shape: same,
    gradient: [
      (graph, g, op) => {
        const layer = rootMeanSquareOf(graph, op);
        return through(graph, graph.mul(g, input(op, 1)), layer, layer.axes, false);
      },
      (graph, g, op) => graph.mul(g, rootMeanSquareOf(graph, op).normal),
    ],
    broadcasts: 'together',
    floats: ['epsilon'],
  },
  InstanceNormalization: {
    shape: same,
    gradient: [
      (graph, g, op) => {
        const layer = instanceOf(graph, op);
        return through(graph, graph.mul(g, alongChannels(graph, input(op, 1), rankOf(op))), layer, layer.axes);
      },
      (graph, g, op) => sumPerChannel(graph, graph.mul(g, instanceOf(graph, op).normal), rankOf(op)),
      (graph, g, op) => sumPerChannel(graph, g, rankOf(op)),
    ],
    floats: ['epsilon'],
  },
  GroupNormalization: { shape: same, gradient: [groupInput, groupScale, groupBias], floats: ['epsilon'] },
  LpNormalization: { shape: same, gradient: [lpNormalization] },
  MeanVarianceNormalization: { shape: same },
  LRN: { shape: same, gradient: [responseBack], floats: ['alpha', 'beta', 'bias'] },
};
