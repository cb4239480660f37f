import type { Graph, Operation, Value } from '../graph.js';
import { gather, gatherElements, gatherND } from './gather.js';
import { padAxis } from './place.js';
import { axisFrom, input, type JointRule, number, type Rule, type Rules, unsupported } from './rule.js';
import { intsIn, joined, sizeOf, tensorOf, zerosLike } from './sizes.js';
import { slice } from './slice.js';

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

/** Pieces of one length, and what is left. */
const chunks = (size: number, length: number): number[] =>
  Array.from({ length: Math.ceil(size / length) }, (_, i) => Math.min(length, size - i * length));

/** What was added is cut off, what was cut off becomes 0. */
const padded: Rule = (graph, g, op) => {
  const mode = op.attributes.mode ?? 'constant';
  if (mode !== 'constant') {
    throw unsupported(op, `would have to add up what ${mode} padding repeats`, 'pad with zeros, or train behind it');
  }
  const pads = intsIn(graph, op.inputs[1]);
  const back = pads === undefined ? graph.neg(input(op, 1)) : graph.ints(pads.map((size) => 0 - size));
  const axes = op.inputs[3];
  return graph.op('Pad', axes === undefined ? [g, back] : [g, back, undefined, axes]);
};

export const selection: Rules = {
  Concat: { everyInput: concatenated },
  Split: { everyOutput: split },
  SplitToSequence: [(_, g) => g],
  SequenceAt: [element],
  Slice: [slice],
  Gather: [gather],
  GatherElements: [gatherElements],
  GatherND: [gatherND],
  Pad: [padded],
  Trilu: [
    (graph, g, op) =>
      graph.op('Trilu', op.inputs[1] === undefined ? [g] : [g, op.inputs[1]], { upper: number(op, 'upper', 1) }),
  ],
  CumSum: [
    (graph, g, op) =>
      graph.op('CumSum', [g, input(op, 1)], {
        exclusive: number(op, 'exclusive', 0),
        reverse: 1 - number(op, 'reverse', 0),
      }),
  ],
};
