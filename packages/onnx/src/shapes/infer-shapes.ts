import type { Attributes, Dim, GraphBase, Shape, Value } from '../graph-base.js';
import { integersOf } from '../integers.js';
import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
import { rearrange } from './rearrange.js';
import { reduction } from './reduce.js';
import { sequence } from './sequence.js';
import { type Context, fromFront, list, number, type ShapeRules } from './shape-rule.js';
import { window } from './window.js';

/** Rules for the first output, by operator. */
const RULES: ShapeRules = { ...elementwise, ...linear, ...rearrange, ...reduction, ...sequence, ...window };

/** Shapes of an operation's outputs, where they are known: what the gradient rules need, not a checker. */
export function inferShapes(
  type: string,
  inputs: readonly (Value | undefined)[],
  attributes: Attributes,
  graph: GraphBase,
  outputs = 1,
): (Shape | undefined)[] {
  const context = { inputs, shapes: inputs.map((input) => input?.shape), attributes, graph, outputs };
  if (type === 'Split') return split(context);
  if (type === 'LayerNormalization') return layerNormalization(context);
  const first = RULES[type]?.(context);
  return SAME_FOR_ALL.has(type) ? Array.from({ length: outputs }, () => first) : [first];
}

const SAME_FOR_ALL: ReadonlySet<string> = new Set(['MaxPool', 'Dropout']);

function split(context: Context): (Shape | undefined)[] {
  const { shapes, graph, inputs, outputs } = context;
  const [shape] = shapes;
  if (shape === undefined) return [];
  const [axis] = fromFront([number(context, 'axis', 0)], shape.length) as [number];
  const sizes =
    list(context, 'split') ?? (inputs[1] === undefined ? equal(shape[axis], outputs) : integersOf(graph, inputs[1]));
  return Array.from({ length: outputs }, (_, i) => shape.with(axis, sizes?.[i]));
}

/** Without given sizes all pieces are alike, but for the last. */
function equal(size: Dim, count: number): Dim[] | undefined {
  if (size === undefined) return undefined;
  const piece = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.min(piece, size - i * piece));
}

/** The value, its mean and the reciprocal of its deviation. */
function layerNormalization(context: Context): (Shape | undefined)[] {
  const [shape] = context.shapes;
  if (shape === undefined) return [];
  const [axis] = fromFront([number(context, 'axis', -1)], shape.length) as [number];
  const statistic = shape.map((size, i) => (i < axis ? size : 1));
  return [shape, statistic, statistic];
}
