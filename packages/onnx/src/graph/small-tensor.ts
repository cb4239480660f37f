/**
 * A tensor of a few numbers that a graph computes shapes with, as far as its values are known while the graph is built:
 * an element is undefined where it follows from an open size, as that of the batch.
 */
export interface SmallTensor {
  readonly dims: readonly number[];
  readonly values: readonly (number | undefined)[];
  /** Whether a division of two of them drops the rest. */
  readonly integer: boolean;
}

export const vector = (values: readonly (number | undefined)[], integer = true): SmallTensor => ({
  dims: [values.length],
  values,
  integer,
});

/** By how much the place of an element grows with each of its indices. */
export const strides = (dims: readonly number[]): number[] =>
  dims.map((_, i) => dims.slice(i + 1).reduce((p, d) => p * d, 1));

/** The tensor of some shape whose element at a place is the source's element at another place. */
export function rearranged(
  source: SmallTensor,
  dims: readonly number[],
  place: (index: readonly number[]) => readonly number[],
): SmallTensor {
  const from = strides(source.dims);
  const to = strides(dims);
  const count = dims.reduce((p, d) => p * d, 1);
  const values = Array.from({ length: count }, (_, n) => {
    const index = dims.map((size, i) => Math.floor(n / (to[i] as number)) % size);
    const at = place(index).reduce((sum, p, i) => sum + p * (from[i] as number), 0);
    return source.values[at];
  });
  return { dims, values, integer: source.integer };
}

/** Element by element, the smaller repeated along the larger. */
export function combined(
  a: SmallTensor,
  b: SmallTensor,
  rule: (x: number, y: number, integer: boolean) => number,
): SmallTensor {
  const rank = Math.max(a.dims.length, b.dims.length);
  const size = (t: SmallTensor, i: number): number => t.dims[i - (rank - t.dims.length)] ?? 1;
  const dims = Array.from({ length: rank }, (_, i) => Math.max(size(a, i), size(b, i)));
  const spread = (t: SmallTensor) =>
    rearranged(t, dims, (index) => t.dims.map((d, i) => (d === 1 ? 0 : (index[i + rank - t.dims.length] as number))));
  const [x, y] = [spread(a).values, spread(b).values];
  const integer = a.integer && b.integer;
  const values = x.map((left, i) => {
    const right = y[i];
    return left === undefined || right === undefined ? undefined : rule(left, right, integer);
  });
  return { dims, values, integer };
}

export const mapped = (t: SmallTensor, rule: (x: number) => number, integer = t.integer): SmallTensor => ({
  dims: t.dims,
  values: t.values.map((value) => (value === undefined ? undefined : rule(value))),
  integer,
});
