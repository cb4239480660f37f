import type { Graph, Operation, Value } from '../graph.js';
import { gather, gatherElements, gatherND } from './gather.js';
import { input, type JointRule, number, type Rule, type Rules, unsupported } from './rule.js';
import { intsIn, joined, sizeOf, zerosLike } from './sizes.js';
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
