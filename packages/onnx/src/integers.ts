import { type TensorProto, TensorProto_DataType as Type } from './gen/onnx/onnx_pb.js';
import type { Attributes, Dim, GraphBase, Operation, Value } from './graph-base.js';
import { combined, mapped, rearranged, type SmallTensor, vector } from './small-tensor.js';
import { readFloats, readInts } from './tensor.js';

/** Tensors of more elements than this are weights or tables, not shapes. */
const SMALL = 256;

/** Per graph: by the name of a value, what is known of it. */
const KNOWN = new WeakMap<GraphBase, Map<string, SmallTensor | undefined>>();

/** The integers of a small tensor, as far as they are known while the graph is built; undefined where nothing is. */
export function integersOf(graph: GraphBase, value: Value | undefined): readonly Dim[] | undefined {
  return value === undefined ? undefined : smallTensor(graph, value)?.values;
}

/** A small tensor, as far as its values are known while the graph is built. */
export function smallTensor(graph: GraphBase, value: Value): SmallTensor | undefined {
  const known = KNOWN.get(graph) ?? new Map<string, SmallTensor | undefined>();
  KNOWN.set(graph, known);
  if (known.has(value.name)) return known.get(value.name);
  const constant = graph.constants.get(value.name);
  const operation = graph.producer(value);
  const found =
    constant !== undefined ? fromConstant(constant) : operation === undefined ? undefined : computed(graph, operation);
  known.set(value.name, found);
  return found;
}

function fromConstant(tensor: TensorProto): SmallTensor | undefined {
  const dims = tensor.dims.map(Number);
  if (dims.reduce((p, d) => p * d, 1) > SMALL) return undefined;
  switch (tensor.dataType) {
    case Type.INT64:
      return { dims, values: readInts(tensor), integer: true };
    case Type.INT32:
    case Type.BOOL:
      return { dims, values: smallIntegers(tensor), integer: true };
    case Type.FLOAT:
      return { dims, values: [...readFloats(tensor)], integer: false };
    default:
      return undefined;
  }
}

function smallIntegers({ rawData, int32Data, dataType }: TensorProto): number[] {
  if (rawData.length === 0) return [...int32Data];
  return dataType === Type.BOOL ? [...rawData] : [...new Int32Array(rawData.slice().buffer)];
}

interface Context {
  readonly graph: GraphBase;
  readonly operation: Operation;
  readonly attributes: Attributes;
  /** An input that must be known. */
  readonly at: (i: number) => SmallTensor;
  /** The values of an input that may be absent; they must be known where it is not. */
  readonly list: (i: number) => readonly number[] | undefined;
}

class Unknown extends Error {}

function computed(graph: GraphBase, operation: Operation): SmallTensor | undefined {
  const rule = RULES[operation.type];
  if (rule === undefined) return undefined;
  const at = (i: number): SmallTensor => {
    const input = operation.inputs[i];
    const found = input === undefined ? undefined : smallTensor(graph, input);
    if (found === undefined) throw new Unknown();
    return found;
  };
  const list = (i: number): readonly number[] | undefined => {
    if (operation.inputs[i] === undefined) return undefined;
    return at(i).values.map((value) => {
      if (value === undefined) throw new Unknown();
      return value;
    });
  };
  try {
    const found = rule({ graph, operation, attributes: operation.attributes, at, list });
    return found.values.length > SMALL ? undefined : found;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

const binary =
  (rule: (x: number, y: number, integer: boolean) => number) =>
  ({ at }: Context): SmallTensor =>
    combined(at(0), at(1), rule);

const unary =
  (rule: (x: number) => number) =>
  ({ at }: Context): SmallTensor =>
    mapped(at(0), rule);

const number = ({ attributes }: Context, name: string, fallback: number): number =>
  (attributes[name] ?? fallback) as number;

const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

function shapeOf({ operation, attributes }: Context): SmallTensor {
  const shape = operation.inputs[0]?.shape;
  if (shape === undefined) throw new Unknown();
  return vector(shape.slice(attributes.start as number | undefined, attributes.end as number | undefined));
}

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
export function rangeOf(start: number, end: number, step: number, size: number) {
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

function filled({ list, operation }: Context): SmallTensor {
  const dims = list(0) ?? [];
  const tensor = operation.raw?.find(({ name }) => name === 'value')?.t;
  const value = tensor === undefined ? 0 : fromConstant(tensor)?.values[0];
  const count = dims.reduce((p, d) => p * d, 1);
  if (count > SMALL) throw new Unknown();
  return { dims, values: new Array<Dim>(count).fill(value), integer: tensor?.dataType === Type.INT64 };
}

function range({ list }: Context): SmallTensor {
  const [start, limit, delta] = [0, 1, 2].map((i) => list(i)?.[0] as number) as [number, number, number];
  const count = Math.max(Math.ceil((limit - start) / delta), 0);
  if (count > SMALL) throw new Unknown();
  return vector(Array.from({ length: count }, (_, i) => start + i * delta));
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

const product = ({ at, attributes }: Context): SmallTensor => {
  const data = at(0);
  const all = data.values.reduce<Dim>((p, d) => (p === undefined || d === undefined ? undefined : p * d), 1);
  return { dims: (attributes.keepdims ?? 1) === 1 ? data.dims.map(() => 1) : [], values: [all], integer: data.integer };
};

function size({ operation }: Context): SmallTensor {
  const shape = operation.inputs[0]?.shape;
  const all = shape?.reduce<Dim>((p, d) => (p === undefined || d === undefined ? undefined : p * d), 1);
  return { dims: [], values: [all], integer: true };
}

const INTEGER_TYPES: ReadonlySet<unknown> = new Set([Type.INT64, Type.INT32, Type.BOOL]);

const RULES: Readonly<Record<string, (context: Context) => SmallTensor>> = {
  Identity: ({ at }) => at(0),
  Shape: shapeOf,
  Size: size,
  Cast: ({ at, attributes }) => {
    const integer = INTEGER_TYPES.has(attributes.to);
    return mapped(at(0), integer ? Math.trunc : (x) => x, integer);
  },
  Add: binary((x, y) => x + y),
  Sub: binary((x, y) => x - y),
  Mul: binary((x, y) => x * y),
  Div: binary((x, y, integer) => (integer ? Math.trunc(x / y) : x / y)),
  Mod: binary((x, y) => ((x % y) + y) % y),
  Min: binary((x, y) => Math.min(x, y)),
  Max: binary((x, y) => Math.max(x, y)),
  Equal: binary((x, y) => Number(x === y)),
  Greater: binary((x, y) => Number(x > y)),
  Less: binary((x, y) => Number(x < y)),
  Pow: binary((x, y) => x ** y),
  Neg: unary((x) => 0 - x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Sqrt: unary(Math.sqrt),
  Not: unary((x) => Number(x === 0)),
  Gather: gather,
  Slice: slice,
  Concat: concat,
  Reshape: reshape,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Transpose: transpose,
  ConstantOfShape: filled,
  Range: range,
  Expand: expand,
  Where: where,
  ReduceProd: product,
};
