import type { Attributes, Dim, GraphBase, Shape, Value } from '../graph-base.js';

/** What a shape rule sees. */
export interface Context {
  readonly inputs: readonly (Value | undefined)[];
  readonly shapes: readonly (Shape | undefined)[];
  readonly attributes: Attributes;
  readonly graph: GraphBase;
  /** How many outputs are asked for. */
  readonly outputs: number;
}

/** Shape of the first output, or undefined where it cannot be known. */
export type ShapeRule = (context: Context) => Shape | undefined;

/** Operators and their rules. */
export type ShapeRules = Readonly<Record<string, ShapeRule>>;

/** One rule for many operators. */
export const shared = (names: string, rule: ShapeRule): ShapeRules =>
  Object.fromEntries(names.split(' ').map((name) => [name, rule]));

export const number = ({ attributes }: Pick<Context, 'attributes'>, name: string, fallback: number): number =>
  (attributes[name] ?? fallback) as number;

export const list = ({ attributes }: Pick<Context, 'attributes'>, name: string): readonly number[] | undefined =>
  attributes[name] as readonly number[] | undefined;

/** Number of elements, undefined where a size is. */
export const product = (dims: Shape | undefined): Dim =>
  dims?.reduce<Dim>((p, d) => (p === undefined || d === undefined ? undefined : p * d), 1);

/** The size of axis i of a shape that is aligned to the right in `rank` axes. */
export function axisOf(shape: Shape, rank: number, i: number): Dim {
  const own = i - (rank - shape.length);
  return own < 0 ? 1 : shape[own];
}

/** The shape of two that are repeated along each other's axes. */
export function together(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [axisOf(a, rank, i), axisOf(b, rank, i)];
    return x === 1 ? y : y === 1 ? x : (x ?? y);
  });
}

/** Axes counted from the front. */
export const fromFront = (axes: readonly number[], rank: number): number[] =>
  axes.map((axis) => (axis < 0 ? axis + rank : axis));
