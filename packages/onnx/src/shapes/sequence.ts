import type { Dim } from '../graph-base.js';
import { integersOf, smallTensor } from '../integers.js';
import { fromFront, number, type ShapeRule, type ShapeRules } from './shape-rule.js';

/** A piece of a split, as PyTorch's dynamo exporter writes x.chunk(2): SequenceAt(SplitToSequence(x), i). */
const piece: ShapeRule = ({ graph, inputs: [sequence, position] }) => {
  const split = sequence && graph.producer(sequence);
  if (split?.type !== 'SplitToSequence') return undefined;
  const [value, sizes] = split.inputs;
  const shape = value?.shape;
  if (shape === undefined) return undefined;
  const [axis] = fromFront([number(split, 'axis', 0)], shape.length) as [number];
  if (sizes === undefined) {
    return number(split, 'keepdims', 1) === 1 ? shape.with(axis, 1) : shape.filter((_, i) => i !== axis);
  }
  const at = integersOf(graph, position)?.[0];
  const given = smallTensor(graph, sizes);
  if (at === undefined || given === undefined) return shape.with(axis, undefined);
  const size = given.dims.length === 0 ? alike(shape[axis], given.values[0], at) : given.values.at(at);
  return shape.with(axis, size);
};

/** Pieces are of one size, but for the last, which takes what is left. */
function alike(size: Dim, each: Dim, at: number): Dim {
  if (size === undefined || each === undefined) return undefined;
  const count = Math.ceil(size / each);
  return Math.min(each, size - (at < 0 ? at + count : at) * each);
}

export const sequence: ShapeRules = { SequenceAt: piece };
