import type { Graph } from '../../graph/graph.js';
import type { Operation, Value } from '../../graph/types.js';
import { input, type Rule, rankOf, unsupported } from '../operator.js';
import { allAxes } from '../semantics/axis.js';
import { sliceOf } from '../semantics/slice.js';
import { axesIn, partlyIn } from './constants.js';
import { flip, interleave, pad } from './place.js';
import { joined, shapeOf, sizeOf } from './sizes.js';

/**
 * The gradient goes back to where it was taken from, with zeros around it and, where steps are wider than 1, between.
 */
export const sliceBack: Rule = (graph, g, op) => {
  const x = input(op, 0);
  const rank = rankOf(op);
  const [starts, ends, steps] = [1, 2, 4].map((i) => partlyIn(graph, op.inputs[i]));
  const count = starts?.length ?? op.inputs[1]?.shape?.[0];
  const given = axesIn(graph, op, 3, rank);
  if (count === undefined || (given === undefined && op.inputs[3] !== undefined)) throw open(op);
  const axes = given ?? allAxes(count);
  const begins = new Map<number, number | Value>();
  const pads = new Array<number | undefined>(2 * rank).fill(0);
  // The shape of g, also where no shape rule says so.
  let placed: Value = {
    name: g.name,
    shape: g.shape ?? x.shape?.map((size, i) => (axes.includes(i) ? undefined : size)),
  };
  axes.forEach((axis, k) => {
    const [size, start, end] = [x.shape?.[axis], starts?.[k], ends?.[k]];
    const step = op.inputs[4] === undefined ? 1 : steps?.[k];
    if (step === undefined) throw open(op);
    if (size === undefined || start === undefined || end === undefined) {
      if (step !== 1) throw open(op);
      begins.set(axis, start !== undefined && start >= 0 ? start : startOf(graph, op, k, axis));
      pads[axis + rank] = undefined;
      return;
    }
    const { from, count: taken } = sliceOf(size, start, end, step);
    placed = { name: placed.name, shape: placed.shape?.with(axis, taken) };
    if (step < 0) placed = flip(graph, placed, axis);
    const wide = Math.abs(step);
    if (wide > 1) placed = interleave(graph, placed, axis, rank, wide);
    const begin = step > 0 ? from : from + (taken - 1) * step;
    begins.set(axis, begin);
    pads[axis] = begin;
    pads[axis + rank] = size - begin - taken * wide;
  });
  const known = pads.filter((size) => size !== undefined);
  return known.length === pads.length ? pad(graph, placed, known) : padWhileRunning(graph, placed, x, rank, begins);
};

/** Where a slice begins, int64 [1]: a negative start counts from the end. */
function startOf(graph: Graph, op: Operation, k: number, axis: number): Value {
  const start = graph.op('Gather', [input(op, 1), graph.ints([k])], { axis: 0 });
  const size = sizeOf(graph, input(op, 0), axis);
  const negative = graph.op('Cast', [graph.op('Less', [start, graph.ints(0)])], { to: 7 });
  const counted = graph.plus(start, graph.mul(size, negative));
  return graph.op('Max', [graph.op('Min', [counted, size]), graph.ints(0)]);
}

/** Zeros up to the shape of x, where a size shows only when the graph runs. */
function padWhileRunning(
  graph: Graph,
  g: Value,
  x: Value,
  rank: number,
  begins: ReadonlyMap<number, number | Value>,
): Value {
  const starts = Array.from({ length: rank }, (_, axis) => begins.get(axis) ?? 0);
  const begin = joined(
    graph,
    starts.map((start) => (typeof start === 'number' ? graph.ints([start]) : start)),
  );
  const end = graph.sub(graph.sub(shapeOf(graph, x), shapeOf(graph, g)), begin);
  return { name: graph.op('Pad', [g, joined(graph, [begin, end])]).name, shape: x.shape };
}

const open = (op: Operation) =>
  unsupported(
    op,
    'has steps along an axis whose size or bounds the model leaves open',
    'export the model with fixed sizes',
  );
