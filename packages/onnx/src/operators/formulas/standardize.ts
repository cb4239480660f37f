import type { Graph } from '../../graph/graph.js';
import type { Operation, Value } from '../../graph/types.js';
import { number } from '../semantics/attributes.js';
import { once } from './kernel.js';
import { square } from './masks.js';

/** x with mean 0 and variance 1 over some axes, and 1 / its standard deviation there. */
export interface Standardized {
  readonly normal: Value;
  readonly inverse: Value;
}

export const from = (first: number, rank: number): number[] =>
  Array.from({ length: rank - first }, (_, i) => first + i);

export const inverseRoot = (graph: Graph, variance: Value, op: Operation): Value =>
  graph.op('Reciprocal', [graph.sqrt(graph.plus(variance, graph.constant(number(op, 'epsilon', 1e-5))))]);

export function standardize(graph: Graph, x: Value, axes: readonly number[], op: Operation): Standardized {
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
export function through(
  graph: Graph,
  h: Value,
  { normal, inverse }: Standardized,
  axes: readonly number[],
  centred = true,
) {
  const along = graph.mul(normal, graph.reduceMean(graph.mul(h, normal), axes, true));
  const rest = centred ? graph.plus(along, graph.reduceMean(h, axes, true)) : along;
  return graph.mul(graph.sub(h, rest), inverse);
}

/**
 * x with mean 0 and variance 1 over the axes from one on: the operator itself, without a scale, which also writes 1 /
 * deviation.
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
export function ones(graph: Graph, like: Value): Value {
  if (like.shape?.every((size) => size !== undefined)) {
    const count = like.shape.reduce<number>((p, size) => p * (size as number), 1);
    return once(graph, `ones ${like.shape}`, () =>
      graph.constant(new Float32Array(count).fill(1), like.shape as readonly number[]),
    );
  }
  return graph.op('Expand', [graph.constant(1), graph.op('Shape', [like])]);
}
