import type { Graph } from '../graph/graph.js';
import { type SmallTensor, vector } from '../graph/small-tensor.js';
import { Unknown } from '../graph/small-values.js';
import type { Dim, FoldContext, Operation, ShapeRule, ShapesRule, Value } from '../graph/types.js';
import { intsIn, tensorOf } from './formulas/constants.js';
import { padAxis } from './formulas/place.js';
import { repeatedBack } from './formulas/repeated-back.js';
import { joined, sizeOf, zerosLike } from './formulas/sizes.js';
import { axisFrom, type Family, input, type JointRule, type Rule, unsupported } from './operator.js';
import { list, number } from './semantics/attributes.js';
import { allAxes, allFromFront, fromFront, whole } from './semantics/axis.js';
import { same } from './semantics/same.js';
import { chunks, pieces } from './semantics/split.js';

/** Each input gets its piece; one Split makes them all. */
const concatenated: Rule = (graph, g, op, i) => {
  const axis = number(op, 'axis', 0);
  if (op.inputs.length === 1) return g;
  const sizes = op.inputs.map((value) => value?.shape?.at(axis));
  const known = sizes.filter((size) => size !== undefined);
  const lengths = known.length === sizes.length ? graph.ints(known) : lengthsOf(graph, op, axis);
  const shapes = op.inputs.map((value) => value?.shape);
  return graph.several('Split', [g, lengths], { axis }, op.inputs.length, shapes)[i] as Value;
};

const lengthsOf = (graph: Graph, op: Operation, axis: number): Value =>
  joined(
    graph,
    op.inputs.map((value) => sizeOf(graph, value as Value, axis)),
  );

/** Zeros for an output that the loss does not depend on. */
const split: JointRule = (graph, gradients, op) => {
  const parts = op.outputs.map((value, i) => gradients[i] ?? zerosLike(graph, value));
  const axis = number(op, 'axis', 0);
  return { name: graph.op('Concat', parts, { axis }).name, shape: input(op, 0).shape };
};

/**
 * A sequence that was split off a tensor has the gradient of that tensor; each element adds its piece.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: another sequence
 */
const element: Rule = (graph, g, op) => {
  const source = graph.producer(input(op, 0));
  const [x, lengths] = source?.type === 'SplitToSequence' ? source.inputs : [];
  const [position] = intsIn(graph, op.inputs[1]) ?? [];
  const piece = intsIn(graph, lengths);
  const axis = source === undefined ? 0 : axisFrom(source, 0);
  const size = x?.shape?.[axis];
  if (x?.shape === undefined || size === undefined || piece === undefined || position === undefined) {
    throw unsupported(
      op,
      'is known only for sequences that were split at fixed sizes',
      'export the model without them',
    );
  }
  const [chunk = 0] = piece;
  const lengthsOfAll = tensorOf(graph, lengths)?.dims.length === 0 ? chunks(size, chunk) : piece;
  const at = position < 0 ? position + lengthsOfAll.length : position;
  const begin = lengthsOfAll.slice(0, at).reduce((sum, length) => sum + length, 0);
  const length = lengthsOfAll[at] ?? 0;
  const whole = { name: g.name, shape: x.shape.with(axis, length) };
  return padAxis(graph, whole, axis, x.shape.length, begin, size - begin - length);
};

/** What was added is cut off, what was cut off becomes 0; what repeats the input is added up. */
const padded: Rule = (graph, g, op) => {
  const pads = intsIn(graph, op.inputs[1]);
  if ((op.attributes.mode ?? 'constant') !== 'constant') return repeatedBack(graph, g, op, pads);
  const back = pads === undefined ? graph.neg(input(op, 1)) : graph.ints(pads.map((size) => 0 - size));
  const axes = op.inputs[3];
  return graph.op('Pad', axes === undefined ? [g, back] : [g, back, undefined, axes]);
};

const concatenatedShape: ShapeRule = (context) => {
  const { shapes } = context;
  const [first] = shapes;
  if (first === undefined) return undefined;
  const axis = fromFront(number(context, 'axis', 0), first.length);
  const along = shapes.reduce<Dim>((sum, shape) => {
    const size = shape?.[axis];
    return sum === undefined || size === undefined ? undefined : sum + size;
  }, 0);
  return first.map((_, i) => (i === axis ? along : shapes.map((shape) => shape?.[i]).find((dim) => dim !== undefined)));
};

function concatenatedSmall({ operation, at }: FoldContext): SmallTensor {
  const parts = operation.inputs.map((_, i) => at(i));
  const [first] = parts;
  if (first === undefined || first.dims.length !== 1) throw new Unknown();
  return vector(
    parts.flatMap(({ values }) => values),
    parts.every(({ integer }) => integer),
  );
}

/** Sizes are an input from opset 13 on, and an attribute before. */
const splitShapes: ShapesRule = (context) => {
  const { shapes, graph, inputs, outputs } = context;
  const [shape] = shapes;
  if (shape === undefined) return [];
  const axis = fromFront(number(context, 'axis', 0), shape.length);
  const sizes =
    list(context, 'split') ?? (inputs[1] === undefined ? pieces(shape[axis], outputs) : graph.integers(inputs[1]));
  return Array.from({ length: outputs }, (_, i) => shape.with(axis, sizes?.[i]));
};

/** A piece of a split, as PyTorch's dynamo exporter writes x.chunk(2): SequenceAt(SplitToSequence(x), i). */
const elementShape: ShapeRule = ({ graph, inputs: [sequence, position] }) => {
  const source = sequence && graph.producer(sequence);
  if (source?.type !== 'SplitToSequence') return undefined;
  const [value, sizes] = source.inputs;
  const shape = value?.shape;
  if (shape === undefined) return undefined;
  const axis = fromFront(number(source, 'axis', 0), shape.length);
  if (sizes === undefined) {
    return number(source, 'keepdims', 1) === 1 ? shape.with(axis, 1) : shape.filter((_, i) => i !== axis);
  }
  const at = graph.integers(position)?.[0];
  const given = graph.small(sizes);
  if (at === undefined || given === undefined) return shape.with(axis, undefined);
  const [size, each] = [shape[axis], given.values[0]];
  const chunked = size === undefined || each === undefined ? [] : chunks(size, each);
  return shape.with(axis, (given.dims.length === 0 ? chunked : given.values).at(at));
};

const paddedShape: ShapeRule = (context) => {
  const { graph, inputs } = context;
  const [shape] = context.shapes;
  const pads = list(context, 'pads') ?? graph.integers(inputs[1]);
  if (shape === undefined) return undefined;
  const axes = inputs[3] === undefined ? allAxes(shape.length) : whole(graph.integers(inputs[3]));
  if (pads === undefined || axes === undefined) return shape.map(() => undefined);
  const front = allFromFront(axes, shape.length);
  return shape.map((size, axis) => {
    const i = front.indexOf(axis);
    const [before, after] = i < 0 ? [0, 0] : [pads[i], pads[i + front.length]];
    return size === undefined || before === undefined || after === undefined ? undefined : size + before + after;
  });
};

const triangle: Rule = (graph, g, op) =>
  graph.op('Trilu', op.inputs[1] === undefined ? [g] : [g, op.inputs[1]], { upper: number(op, 'upper', 1) });

/** Sums from the other end. */
const sumsBack: Rule = (graph, g, op) =>
  graph.op('CumSum', [g, input(op, 1)], {
    exclusive: number(op, 'exclusive', 0),
    reverse: 1 - number(op, 'reverse', 0),
  });

/** What puts pieces together, takes them apart, or leaves some out. */
export const selections: Family = {
  Concat: { shape: concatenatedShape, fold: concatenatedSmall, gradient: { everyInput: concatenated } },
  Split: { shapes: splitShapes, gradient: { everyOutput: split } },
  SplitToSequence: { gradient: [(_, g) => g] },
  SequenceAt: { shape: elementShape, gradient: [element] },
  Pad: { shape: paddedShape, gradient: [padded] },
  Trilu: { shape: same, gradient: [triangle] },
  CumSum: { shape: same, gradient: [sumsBack] },
};
