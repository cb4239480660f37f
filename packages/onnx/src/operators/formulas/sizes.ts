import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';

/** An axis of a value, for its size. */
export interface SizeOf {
  readonly axis: number;
}

/** The shape of a value when the graph runs, int64. */
export const shapeOf = (graph: Graph, value: Value): Value => graph.op('Shape', [value]);

/** The size of an axis when the graph runs: int64 [1]. */
export const sizeOf = (graph: Graph, value: Value, axis: number): Value =>
  graph.op('Gather', [shapeOf(graph, value), graph.ints([axis])], { axis: 0 });

/** Integer vectors, one behind the other. */
export const joined = (graph: Graph, parts: readonly Value[]): Value => graph.op('Concat', parts, { axis: 0 });

/** Reshapes to sizes that are numbers or those of another value's axes; in constants while no more than one is open. */
export function reshapeTo(graph: Graph, value: Value, like: Value, sizes: readonly (number | SizeOf)[]): Value {
  const shape = sizes.map((size) => (typeof size === 'number' ? size : like.shape?.[size.axis]));
  const open = shape.filter((size) => size === undefined || size === -1).length;
  const target =
    open <= 1
      ? graph.ints(shape.map((size) => size ?? -1))
      : joined(
          graph,
          sizes.map((size) => (typeof size === 'number' ? graph.ints([size]) : sizeOf(graph, like, size.axis))),
        );
  return {
    name: graph.op('Reshape', [value, target]).name,
    shape: shape.map((size) => (size === -1 ? undefined : size)),
  };
}

/** Zeros in the shape of a value. */
export const zerosLike = (graph: Graph, value: Value): Value => ({
  name: graph.op('Expand', [graph.constant(0), shapeOf(graph, value)]).name,
  shape: value.shape,
});

/** How many elements of x go into each element of y. */
export const share = (graph: Graph, x: Value, y: Value): Value => graph.div(graph.size(y), graph.size(x));
