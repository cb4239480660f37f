import type { Graph } from '../../graph/graph.js';
import type { Operation, Value } from '../../graph/types.js';
import { axisFrom, input, type Rule, rankOf } from '../operator.js';
import { intsIn, tensorOf } from './constants.js';
import { flip, interleave, padAxis } from './place.js';
import { shapeOf } from './sizes.js';

/**
 * A slice where the indices are constant and evenly spaced, its inverse where they are a permutation, else a sum by
 * index.
 */
export const gatherBack: Rule = (graph, g, op) => {
  const rank = rankOf(op);
  const axis = axisFrom(op, 0);
  const size = input(op, 0).shape?.[axis];
  const given = intsIn(graph, op.inputs[1]);
  const dims = tensorOf(graph, op.inputs[1])?.dims;
  if (given === undefined || size === undefined || dims === undefined || dims.length > 1) {
    return addByIndex(graph, g, op, axis);
  }
  const indices = given.map((index) => (index < 0 ? index + size : index));
  const rows = {
    name: dims.length === 0 ? graph.op('Unsqueeze', [g, graph.ints([axis])]).name : g.name,
    shape: input(op, 0).shape?.with(axis, indices.length),
  };
  return (
    evenly(graph, rows, indices, axis, size, rank) ??
    permuted(graph, g, indices, axis, size) ??
    addByIndex(graph, g, op, axis)
  );
};

/** Indices first, first + step, ... */
function evenly(
  graph: Graph,
  g: Value,
  indices: readonly number[],
  axis: number,
  size: number,
  rank: number,
): Value | undefined {
  const [first, second] = indices;
  if (first === undefined) return undefined;
  const step = second === undefined ? 1 : second - first;
  if (step === 0 || indices.some((index, i) => index !== first + i * step)) return undefined;
  const forward = step > 0 ? g : flip(graph, g, axis);
  const wide = Math.abs(step);
  const apart = wide > 1 ? interleave(graph, forward, axis, rank, wide) : forward;
  const begin = Math.min(first, indices.at(-1) as number);
  return padAxis(graph, apart, axis, rank, begin, size - begin - indices.length * wide);
}

function permuted(graph: Graph, g: Value, indices: readonly number[], axis: number, size: number): Value | undefined {
  const from = new Map(indices.map((index, i) => [index, i]));
  if (indices.length !== size || from.size !== size) return undefined;
  const inverse = Array.from({ length: size }, (_, i) => from.get(i) as number);
  return graph.op('Gather', [g, graph.ints(inverse)], { axis });
}

/** Adds the rows of g to those rows of a zero x that their indices name. */
function addByIndex(graph: Graph, g: Value, op: Operation, axis: number): Value {
  const x = input(op, 0);
  if (axis === 0) return { name: added(graph, g, op, shapeOf(graph, x)).name, shape: x.shape };
  // The axis stands first meanwhile.
  const rank = rankOf(op);
  const many = tensorOf(graph, op.inputs[1])?.dims.length ?? rankOf(op, 1);
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const first = [axis, ...range(0, axis), ...range(axis + 1, rank)];
  const shape = graph.op('Gather', [shapeOf(graph, x), graph.ints(first)], { axis: 0 });
  const perm = [...range(axis, axis + many), ...range(0, axis), ...range(axis + many, rank - 1 + many)];
  const sums = added(graph, graph.transpose(g, perm), op, shape);
  const back = range(0, rank).map((i) => first.indexOf(i));
  return { name: graph.transpose(sums, back).name, shape: x.shape };
}

const added = (graph: Graph, rows: Value, op: Operation, shape: Value): Value => {
  const zeros = graph.op('Expand', [graph.constant(0), shape]);
  const at = graph.op('Unsqueeze', [input(op, 1), graph.ints([-1])]);
  return graph.op('ScatterND', [zeros, at, rows], { reduction: 'add' });
};
