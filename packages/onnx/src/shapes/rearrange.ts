import type { Dim, Shape } from '../graph-base.js';
import { integersOf } from '../integers.js';
import { reshaped } from './reshaped.js';
import {
  type Context,
  fromFront,
  list,
  number,
  product,
  type ShapeRule,
  type ShapeRules,
  together,
} from './shape-rule.js';

/** The integers of an input, all known. */
function whole({ graph, inputs }: Context, i: number): readonly number[] | undefined {
  const values = integersOf(graph, inputs[i]);
  return values?.every((value) => value !== undefined) ? (values as readonly number[]) : undefined;
}

/** A shape that another value holds. */
const held =
  (i: number): ShapeRule =>
  ({ graph, inputs }) =>
    integersOf(graph, inputs[i]);

const transpose: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const perm = list(context, 'perm');
  return perm === undefined ? shape?.slice().reverse() : shape && perm.map((axis) => shape[axis]);
};

const flatten: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const axis = number(context, 'axis', 1);
  return shape && [product(shape.slice(0, axis)), product(shape.slice(axis))];
};

/** Sizes that are 1 and 1 s that are put in; axes are an input from opset 13 on. */
const squeeze: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const given = list(context, 'axes') ?? (context.inputs[1] === undefined ? [] : whole(context, 1));
  if (shape === undefined || given === undefined) return undefined;
  const axes = fromFront(given, shape.length);
  if (axes.length > 0) return shape.filter((_, i) => !axes.includes(i));
  return shape.some((dim) => dim === undefined) ? undefined : shape.filter((dim) => dim !== 1);
};

const unsqueeze: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const given = list(context, 'axes') ?? whole(context, 1);
  if (shape === undefined || given === undefined) return undefined;
  const rank = shape.length + given.length;
  const axes = new Set(fromFront(given, rank));
  const rest = shape.values();
  return Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : rest.next().value));
};

const concat: ShapeRule = (context) => {
  const { shapes } = context;
  const [first] = shapes;
  if (first === undefined) return undefined;
  const [axis] = fromFront([number(context, 'axis', 0)], first.length);
  const along = shapes.reduce<Dim>((sum, shape) => {
    const size = shape?.[axis as number];
    return sum === undefined || size === undefined ? undefined : sum + size;
  }, 0);
  return first.map((_, i) => (i === axis ? along : shapes.map((shape) => shape?.[i]).find((dim) => dim !== undefined)));
};

const gather: ShapeRule = (context) => {
  const [shape, indices] = context.shapes;
  if (shape === undefined || indices === undefined) return undefined;
  const [axis] = fromFront([number(context, 'axis', 0)], shape.length) as [number];
  return [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)];
};

const gatherNd: ShapeRule = (context) => {
  const [shape, indices] = context.shapes;
  const deep = indices?.at(-1);
  if (shape === undefined || indices === undefined || deep === undefined) return undefined;
  return [...indices.slice(0, -1), ...shape.slice(number(context, 'batch_dims', 0) + deep)];
};

const slice: ShapeRule = (context) => {
  const [shape] = context.shapes;
  if (shape === undefined) return undefined;
  const axes = context.inputs[3] === undefined ? shape.map((_, i) => i) : whole(context, 3);
  const [starts, ends] = [integersOf(context.graph, context.inputs[1]), integersOf(context.graph, context.inputs[2])];
  const steps = context.inputs[4] === undefined ? [] : integersOf(context.graph, context.inputs[4]);
  if (axes === undefined) return shape.map(() => undefined);
  const front = fromFront(axes, shape.length);
  return shape.map((size, axis) => {
    const i = front.indexOf(axis);
    if (i < 0 || (starts !== undefined && i >= starts.length)) return size;
    const [start, end, step] = [starts?.[i], ends?.[i], steps === undefined ? undefined : (steps[i] ?? 1)];
    return start === undefined || end === undefined || step === undefined ? undefined : sliced(size, start, end, step);
  });
};

/** How many elements a slice of an axis has. */
function sliced(size: Dim, start: number, end: number, step: number): Dim {
  if (size === undefined) return start === 0 && end > 2 ** 31 && step === 1 ? undefined : openSlice(start, end, step);
  const at = (value: number, low: number, high: number) =>
    Math.min(Math.max(value < 0 ? value + size : value, low), high);
  const from = step > 0 ? at(start, 0, size) : at(start, 0, size - 1);
  const to = step > 0 ? at(end, 0, size) : at(end, -1, size - 1);
  return Math.max(Math.ceil((to - from) / step), 0);
}

/** Of an open axis only its last element is sure to be there. */
const openSlice = (start: number, end: number, step: number): Dim =>
  step === 1 && start === -1 && end > 2 ** 31 ? 1 : undefined;

const pad: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const pads = list(context, 'pads') ?? integersOf(context.graph, context.inputs[1]);
  if (shape === undefined) return undefined;
  const axes = context.inputs[3] === undefined ? shape.map((_, i) => i) : whole(context, 3);
  if (pads === undefined || axes === undefined) return shape.map(() => undefined);
  const front = fromFront(axes, shape.length);
  return shape.map((size, axis) => {
    const i = front.indexOf(axis);
    const [before, after] = i < 0 ? [0, 0] : [pads[i], pads[i + front.length]];
    return size === undefined || before === undefined || after === undefined ? undefined : size + before + after;
  });
};

const expand: ShapeRule = ({ graph, inputs, shapes: [shape] }) => {
  const target = integersOf(graph, inputs[1]);
  return shape && target && together(shape, target);
};

const tile: ShapeRule = (context) => {
  const [shape] = context.shapes;
  const repeats = integersOf(context.graph, context.inputs[1]);
  return shape?.map((size, i) => {
    const times = repeats?.[i];
    return size === undefined || times === undefined ? undefined : size * times;
  });
};

const resize: ShapeRule = ({ graph, inputs, shapes: [shape], attributes }) => {
  if (shape === undefined) return undefined;
  const axes = fromFront((attributes.axes as readonly number[] | undefined) ?? shape.map((_, i) => i), shape.length);
  const sizes = integersOf(graph, inputs[3]);
  const scales = integersOf(graph, inputs[2]);
  return shape.map((size, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return size;
    const scale = scales?.[i];
    if (sizes !== undefined) return sizes[i];
    return scale === 1 ? size : size === undefined || scale === undefined ? undefined : Math.floor(size * scale);
  });
};

const blocks =
  (rule: (channels: number, height: number, width: number, block: number) => Shape): ShapeRule =>
  (context) => {
    const [batch, channels, height, width] = context.shapes[0] ?? [];
    const known = channels !== undefined && height !== undefined && width !== undefined;
    return known ? [batch, ...rule(channels, height, width, number(context, 'blocksize', 1))] : undefined;
  };

export const rearrange: ShapeRules = {
  Transpose: transpose,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Reshape: reshaped,
  Concat: concat,
  Gather: gather,
  GatherElements: ({ shapes }) => shapes[1],
  GatherND: gatherNd,
  Slice: slice,
  Pad: pad,
  Expand: expand,
  Tile: tile,
  Resize: resize,
  DepthToSpace: blocks((c, h, w, b) => [c / (b * b), h * b, w * b]),
  SpaceToDepth: blocks((c, h, w, b) => [c * b * b, h / b, w / b]),
  ConstantOfShape: held(0),
  Range: () => [undefined],
  Shape: ({ shapes, attributes }) => {
    const { start, end } = attributes as { start?: number; end?: number };
    return shapes[0] && [shapes[0].slice(start, end).length];
  },
  Size: () => [],
};
