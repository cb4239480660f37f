import type { Graph, Operation, Value } from '../graph.js';
import { once } from './kernel.js';
import { square } from './masks.js';
import { axisFrom, input, number, type Rule, type Rules, rankOf } from './rule.js';

/** x with mean 0 and variance 1 over some axes, and 1 / its standard deviation there. */
interface Standardized {
  readonly normal: Value;
  readonly inverse: Value;
}

const from = (first: number, rank: number): number[] => Array.from({ length: rank - first }, (_, i) => first + i);

const inverseRoot = (graph: Graph, variance: Value, op: Operation): Value =>
  graph.op('Reciprocal', [graph.sqrt(graph.plus(variance, graph.constant(number(op, 'epsilon', 1e-5))))]);

function standardize(graph: Graph, x: Value, axes: readonly number[], op: Operation): Standardized {
  const centred = { name: graph.sub(x, graph.reduceMean(x, axes, true)).name, shape: x.shape };
  const inverse = inverseRoot(graph, graph.reduceMean(square(graph, centred), axes, true), op);
  return { normal: { name: graph.mul(centred, inverse).name, shape: x.shape }, inverse };
}

/**
 * Gradient of x where y = s n, n = (x - mean)/deviation, and h = s g is the gradient of n:
 *
 *   dL/dx = (h - mean(h) - n mean(h n)) / deviation
 *
 * Ba, Kiros and Hinton 2016; without mean(h) where the mean was not taken off (RMS, L2).
 */
function through(graph: Graph, h: Value, { normal, inverse }: Standardized, axes: readonly number[], centred = true) {
  const along = graph.mul(normal, graph.reduceMean(graph.mul(h, normal), axes, true));
  const rest = centred ? graph.plus(along, graph.reduceMean(h, axes, true)) : along;
  return graph.mul(graph.sub(h, rest), inverse);
}

/**
 * x with mean 0 and variance 1 over the axes from one on: the operator itself, without a scale, which also writes 1 / deviation.
 *
 * @param like the operator's scale, for its shape
 */
export function normalized(graph: Graph, x: Value, like: Value, axis: number, epsilon: number): Standardized {
  const first = axis < 0 ? axis + (x.shape?.length ?? 0) : axis;
  const shapes = [x.shape, undefined, x.shape?.map((size, i) => (i < first ? size : 1))];
  const inputs = [x, ones(graph, like)];
  const [normal, , inverse] = graph.several('LayerNormalization', inputs, { axis, epsilon }, 3, shapes);
  return { normal: normal as Value, inverse: inverse as Value };
}

/** The scale that changes nothing. */
function ones(graph: Graph, like: Value): Value {
  if (like.shape?.every((size) => size !== undefined)) {
    const count = like.shape.reduce<number>((p, size) => p * (size as number), 1);
    return once(graph, `ones ${like.shape}`, () =>
      graph.constant(new Float32Array(count).fill(1), like.shape as readonly number[]),
    );
  }
  return graph.op('Expand', [graph.constant(1), graph.op('Shape', [like])]);
}

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
  return graph.div(graph.sub(g, graph.mul(direction, along)), norm);
};

/** Operators that take off a mean, divide by a deviation, scale and shift. */
export const standardizing: Rules = {
  LayerNormalization: [
    (graph, g, op) => {
      const layer = layerOf(graph, op);
      return through(graph, scaled(graph, g, op), layer, layer.axes);
    },
    (graph, g, op) => graph.mul(g, layerOf(graph, op).normal),
    (_, g) => g,
  ],
  RMSNormalization: [
    (graph, g, op) => {
      const layer = rootMeanSquareOf(graph, op);
      return through(graph, graph.mul(g, input(op, 1)), layer, layer.axes, false);
    },
    (graph, g, op) => graph.mul(g, rootMeanSquareOf(graph, op).normal),
  ],
  InstanceNormalization: [
    (graph, g, op) => {
      const layer = instanceOf(graph, op);
      return through(graph, graph.mul(g, alongChannels(graph, input(op, 1), rankOf(op))), layer, layer.axes);
    },
    (graph, g, op) => sumPerChannel(graph, graph.mul(g, instanceOf(graph, op).normal), rankOf(op)),
    (graph, g, op) => sumPerChannel(graph, g, rankOf(op)),
  ],
  GroupNormalization: [groupInput, groupScale, groupBias],
  LpNormalization: [lpNormalization],
};
