import { combined, rearranged, type SmallTensor, vector } from '../small-tensor.js';
import { type Context, type IntegerRule, number, positive, SMALL, Unknown } from './rule.js';

function gather(context: Context): SmallTensor {
  const data = context.at(0);
  const indices = context.at(1);
  const axis = positive(number(context, 'axis', 0), data.dims.length);
  const dims = [...data.dims.slice(0, axis), ...indices.dims, ...data.dims.slice(axis + 1)];
  const inner = strided(indices.dims);
  return rearranged(data, dims, (index) => {
    const at = index.slice(axis, axis + indices.dims.length).reduce((sum, p, i) => sum + p * (inner[i] as number), 0);
    const chosen = indices.values[at];
    if (chosen === undefined) throw new Unknown();
    return [
      ...index.slice(0, axis),
      positive(chosen, data.dims[axis] as number),
      ...index.slice(axis + indices.dims.length),
    ];
  });
}

const strided = (dims: readonly number[]): number[] => dims.map((_, i) => dims.slice(i + 1).reduce((p, d) => p * d, 1));

function slice({ at, list }: Context): SmallTensor {
  const data = at(0);
  const [starts = [], ends = []] = [list(1), list(2)];
  const axes = (list(3) ?? starts.map((_, i) => i)).map((axis) => positive(axis, data.dims.length));
  const steps = list(4) ?? starts.map(() => 1);
  const ranges = data.dims.map((size, axis) => {
    const i = axes.indexOf(axis);
    return i < 0
      ? { from: 0, step: 1, count: size }
      : rangeOf(starts[i] as number, ends[i] as number, steps[i] as number, size);
  });
  return rearranged(
    data,
    ranges.map(({ count }) => count),
    (index) => index.map((p, i) => (ranges[i]?.from ?? 0) + p * (ranges[i]?.step ?? 1)),
  );
}

/** What ONNX's Slice takes of an axis. */
function rangeOf(start: number, end: number, step: number, size: number) {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (value: number): number => Math.min(Math.max(value < 0 ? value + size : value, low), high);
  const from = step > 0 ? clamp(start) : Math.min(Math.max(start < 0 ? start + size : start, 0), size - 1);
  const to = clamp(end);
  return { from, step, count: Math.max(Math.ceil((to - from) / step), 0) };
}

function concat(context: Context): SmallTensor {
  const parts = context.operation.inputs.map((_, i) => context.at(i));
  const [first] = parts;
  if (first === undefined || first.dims.length !== 1) throw new Unknown();
  return vector(
    parts.flatMap(({ values }) => values),
    parts.every(({ integer }) => integer),
  );
}

function reshape({ at, list }: Context): SmallTensor {
  const data = at(0);
  const target = (list(1) ?? []).map((size, i) => (size === 0 ? (data.dims[i] as number) : size));
  const known = target.filter((size) => size >= 0).reduce((p, d) => p * d, 1);
  return { ...data, dims: target.map((size) => (size < 0 ? data.values.length / known : size)) };
}

function unsqueeze({ at, list, attributes }: Context): SmallTensor {
  const data = at(0);
  const given = (attributes.axes as readonly number[] | undefined) ?? list(1) ?? [];
  const rank = data.dims.length + given.length;
  const axes = new Set(given.map((axis) => positive(axis, rank)));
  const rest = data.dims.values();
  return { ...data, dims: Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : (rest.next().value ?? 1))) };
}

function squeeze({ at, list, attributes }: Context): SmallTensor {
  const data = at(0);
  const given = (attributes.axes as readonly number[] | undefined) ?? list(1);
  const axes = given?.map((axis) => positive(axis, data.dims.length));
  return { ...data, dims: data.dims.filter((size, i) => (axes === undefined ? size !== 1 : !axes.includes(i))) };
}

function transpose({ at, attributes }: Context): SmallTensor {
  const data = at(0);
  const perm = (attributes.perm as readonly number[] | undefined) ?? data.dims.map((_, i) => data.dims.length - 1 - i);
  return rearranged(
    data,
    perm.map((axis) => data.dims[axis] as number),
    (index) => data.dims.map((_, axis) => index[perm.indexOf(axis)] as number),
  );
}

function expand({ at, list }: Context): SmallTensor {
  const data = at(0);
  const dims = list(1) ?? [];
  if (dims.reduce((p, d) => p * d, 1) > SMALL) throw new Unknown();
  return combined(
    data,
    { dims, values: new Array<number>(dims.reduce((p, d) => p * d, 1)).fill(0), integer: true },
    (x) => x,
  );
}

function where({ at }: Context): SmallTensor {
  const [condition, yes, no] = [at(0), at(1), at(2)];
  const places = combined(
    combined({ ...yes, values: yes.values.map((_, i) => i) }, condition, (x) => x),
    no,
    (x) => x,
  );
  const spread = (t: SmallTensor): SmallTensor =>
    rearranged(t, places.dims, (index) =>
      t.dims.map((d, i) => (d === 1 ? 0 : (index[i + places.dims.length - t.dims.length] as number))),
    );
  const [c, y, n] = [spread(condition), spread(yes), spread(no)];
  const values = places.values.map((_, i) => {
    const chosen = c.values[i];
    return chosen === undefined ? undefined : chosen !== 0 ? y.values[i] : n.values[i];
  });
  return { dims: places.dims, values, integer: yes.integer && no.integer };
}

export const rearrange: Readonly<Record<string, IntegerRule>> = {
  Gather: gather,
  Slice: slice,
  Concat: concat,
  Reshape: reshape,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Transpose: transpose,
  Expand: expand,
  Where: where,
};
