import type { Graph } from '../../graph/graph.js';
import type { Shape, Value } from '../../graph/types.js';
import { intsIn } from './constants.js';
import { reshapeTo, type SizeOf } from './sizes.js';

/** A value with zeros around it: all that stand before, then all that stand after; negative numbers cut. */
export function pad(graph: Graph, value: Value, pads: readonly number[]): Value {
  if (pads.every((size) => size === 0)) return value;
  const rank = pads.length / 2;
  const shape = value.shape?.map((size, i) =>
    size === undefined ? undefined : size + (pads[i] as number) + (pads[i + rank] as number),
  );
  return { name: graph.op('Pad', [value, graph.ints(pads)]).name, shape };
}

/** Pads along one axis. */
export function padAxis(graph: Graph, value: Value, axis: number, rank: number, before: number, after: number): Value {
  const pads = Array.from({ length: 2 * rank }, (_, i) => (i === axis ? before : i === axis + rank ? after : 0));
  return pad(graph, value, pads);
}

/** The order along an axis turned round. */
export const flip = (graph: Graph, value: Value, axis: number): Value => ({
  name: graph.op('Slice', [
    value,
    graph.ints([-1]),
    graph.ints([Number.MIN_SAFE_INTEGER]),
    graph.ints([axis]),
    graph.ints([-1]),
  ]).name,
  shape: value.shape,
});

/** step - 1 zeros behind each element along an axis. */
export function interleave(graph: Graph, value: Value, axis: number, rank: number, step: number): Value {
  const apart = padAxis(graph, graph.op('Unsqueeze', [value, graph.ints([axis + 1])]), axis + 1, rank + 1, 0, step - 1);
  const count = value.shape?.[axis];
  const sizes = Array.from({ length: rank }, (_, i): number | SizeOf => ({ axis: i }));
  return reshapeTo(graph, apart, value, sizes.with(axis, count === undefined ? -1 : count * step));
}

/**
 * a + b where both are pieces of one axis with zeros around them, one beginning where the other ends: one behind the
 * other, and zeros around both. So the gradients of slices become one Concat, and not a sum of as many padded copies.
 */
export function joinPieces(graph: Graph, a: Value, b: Value): Value | undefined {
  const [first, second] = [pieceOf(graph, a), pieceOf(graph, b)];
  if (first === undefined || second === undefined || first.pads.length !== second.pads.length) return undefined;
  const rank = first.pads.length / 2;
  const differ = first.pads.flatMap((size, i) => (size === second.pads[i] ? [] : [i % rank]));
  const [axis] = differ;
  if (axis === undefined || differ.some((other) => other !== axis)) return undefined;
  return behind(graph, first, second, axis) ?? behind(graph, second, first, axis);
}

interface Piece {
  readonly value: Value;
  readonly pads: readonly number[];
  readonly shape: Shape;
}

function pieceOf(graph: Graph, value: Value): Piece | undefined {
  const producer = graph.producer(value);
  const [inner, sizes] = producer?.type === 'Pad' && producer.inputs.length === 2 ? producer.inputs : [];
  const pads = intsIn(graph, sizes);
  if (inner?.shape === undefined || pads === undefined || pads.some((size) => size < 0)) return undefined;
  return { value: inner, pads, shape: inner.shape };
}

function behind(graph: Graph, first: Piece, second: Piece, axis: number): Value | undefined {
  const rank = first.shape.length;
  const [size, next] = [first.shape[axis], second.shape[axis]];
  if (size === undefined || next === undefined) return undefined;
  if ((first.pads[axis] as number) + size !== second.pads[axis]) return undefined;
  const both = graph.op('Concat', [...partsOf(graph, first.value, axis), ...partsOf(graph, second.value, axis)], {
    axis,
  });
  const shape = first.shape.with(axis, size + next);
  return pad(graph, { name: both.name, shape }, first.pads.with(axis + rank, second.pads[axis + rank] as number));
}

/** More parts than this are not laid side by side in one Concat, so that the time to build it stays linear. */
const PARTS = 16;

function partsOf(graph: Graph, value: Value, axis: number): readonly Value[] {
  const producer = graph.producer(value);
  const concat = producer?.type === 'Concat' && producer.attributes.axis === axis && producer.inputs.length < PARTS;
  return concat && producer.raw === undefined ? (producer.inputs as readonly Value[]) : [value];
}
