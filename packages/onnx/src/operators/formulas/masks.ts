import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';

/** As steep as float32 has it. */
const STEEP = 3e38;

/**
 * 1 where a value is positive, else 0: a ramp from 0 to 1 that is as steep as float32 has it. One pass over the
 * activation and as many threads as there are; Greater and Cast take two, the second on one thread, and Where is five
 * times slower than both.
 */
export const positive = (graph: Graph, value: Value): Value =>
  graph.op('HardSigmoid', [value], { alpha: STEEP, beta: 0 });

/** 1 where a value >= 0 is 0, else 0. */
export const zero = (graph: Graph, value: Value): Value => graph.op('HardSigmoid', [value], { alpha: -STEEP, beta: 1 });

/** (value + 1) / 2 of a value between -1 and 1 in one pass. */
export const half = (graph: Graph, value: Value): Value => graph.op('HardSigmoid', [value], { alpha: 0.5, beta: 0.5 });

/** value + addend */
export const shift = (graph: Graph, value: Value, addend: number): Value =>
  addend === 0 ? value : graph.plus(value, graph.constant(addend));

/** 1 - value */
export const complement = (graph: Graph, value: Value): Value => graph.sub(graph.constant(1), value);

export const square = (graph: Graph, value: Value): Value => graph.mul(value, value);

/** Smaller than any root of a positive float32. */
const TINY = 1e-30;

/**
 * value / size, and 0 where the size is 0: there is no slope there, and of those that one could take it is the one that
 * does not become NaN further on. As automatic differentiation frameworks have it for the norm of a zero vector.
 *
 * @param size not negative
 */
export const quotient = (graph: Graph, value: Value, size: Value): Value =>
  graph.mul(graph.div(value, graph.op('Max', [size, graph.constant(TINY)])), positive(graph, size));
