import type { Dim, Shape, ShapeContext } from '../../graph/types.js';
import { list, number } from './attributes.js';

/** An axis, or an index, counted from the front. */
export const fromFront = (axis: number, size: number): number => (axis < 0 ? axis + size : axis);

/** Axes counted from the front. */
export const allFromFront = (axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => fromFront(axis, rank));

/** Every axis of a tensor. */
export const allAxes = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

/** Integers that are all known. */
export const whole = (values: readonly Dim[] | undefined): readonly number[] | undefined =>
  values?.every((value) => value !== undefined) ? (values as readonly number[]) : undefined;

/**
 * Axes that are an input in newer operator sets and an attribute in older ones.
 *
 * @param at index of the input
 * @returns none where neither is there; undefined where they show only when the graph runs
 */
export const axesGiven = (context: ShapeContext, at: number): readonly number[] | undefined =>
  list(context, 'axes') ?? (context.inputs[at] === undefined ? [] : whole(context.graph.integers(context.inputs[at])));

/** The axes that a reduction goes over: all where none are named, unless `noop_with_empty_axes`. */
export function reducedAxes(context: ShapeContext): number[] | undefined {
  const rank = context.shapes[0]?.length;
  const given = axesGiven(context, 1);
  if (rank === undefined || given === undefined) return undefined;
  if (given.length > 0) return allFromFront(given, rank);
  return number(context, 'noop_with_empty_axes', 0) === 1 ? [] : allAxes(rank);
}

/** A shape after a reduction. */
export const reducedShape = (shape: Shape, axes: readonly number[], keepdims: boolean): Shape =>
  keepdims ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : shape.filter((_, i) => !axes.includes(i));

/** The order of axes of a transposition: the other way round where none is given. */
export const permutation = (attributes: ShapeContext['attributes'], rank: number): readonly number[] =>
  list({ attributes }, 'perm') ?? allAxes(rank).reverse();

/** A shape without axes of size 1: those that are named, or all where none are. */
export const squeezed = <D extends Dim>(shape: readonly D[], axes: readonly number[]): D[] => {
  const gone = allFromFront(axes, shape.length);
  return shape.filter((size, i) => (gone.length === 0 ? size !== 1 : !gone.includes(i)));
};

/** A shape with axes of size 1 put in, where they stand in the result. */
export function unsqueezed<D extends Dim>(shape: readonly D[], axes: readonly number[]): (D | 1)[] {
  const rank = shape.length + axes.length;
  const added = new Set(allFromFront(axes, rank));
  const rest = shape.values();
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.next().value as D)));
}

/** The shape of what Gather takes along an axis. */
export const gathered = <D extends Dim>(shape: readonly D[], indices: readonly D[], axis: number): D[] => {
  const at = fromFront(axis, shape.length);
  return [...shape.slice(0, at), ...indices, ...shape.slice(at + 1)];
};

/** Number of elements, undefined where a size is. */
export const product = (dims: Shape | undefined): Dim =>
  dims?.reduce<Dim>((p, d) => (p === undefined || d === undefined ? undefined : p * d), 1);
