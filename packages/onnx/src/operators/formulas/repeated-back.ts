import type { Graph } from '../../graph/graph.js';
import type { Operation, Value } from '../../graph/types.js';
import { input, rankOf, unsupported } from '../operator.js';
import { allAxes, allFromFront } from '../semantics/axis.js';
import { intsIn } from './constants.js';
import { flip, padAxis } from './place.js';

/**
 * Gradient of a padding that repeats its input: axis by axis, what stands before and behind is added where it was taken
 * from.
 *
 * @param pads all that stand before, then all that stand after, of the axes that are padded
 * @throws OnnxError ONNX_UNSUPPORTED: sizes that are not known, or a mode of no such kind
 */
export function repeatedBack(graph: Graph, g: Value, op: Operation, pads: readonly number[] | undefined): Value {
  const rank = rankOf(op);
  const given = op.inputs[3];
  const axes = given === undefined ? allAxes(rank) : intsIn(graph, given);
  if (pads === undefined || axes === undefined) throw open(op);
  const count = axes.length;
  return allFromFront(axes, rank).reduce((value, axis, k) => {
    const [before, after] = [pads[k] as number, pads[k + count] as number];
    if (before === 0 && after === 0) return value;
    const size = input(op, 0).shape?.[axis];
    if (size === undefined || before < 0 || after < 0) throw open(op);
    const part = (from: number, to: number): Value => ({
      name: graph.op('Slice', [value, graph.ints([from]), graph.ints([to]), graph.ints([axis])]).name,
      shape: value.shape?.with(axis, to - from),
    });
    const parts = [part(before, before + size)];
    const at = (piece: Value, length: number, begin: number): Value =>
      padAxis(graph, piece, axis, rank, begin, size - begin - length);
    const places = PLACES[String(op.attributes.mode)];
    if (places === undefined) throw open(op);
    if (before > 0) parts.push(places.before(graph, part(0, before), axis, before, size, at));
    if (after > 0) parts.push(places.after(graph, part(before + size, before + size + after), axis, after, size, at));
    const [first, ...rest] = parts as [Value, ...Value[]];
    return { name: graph.sum(first, ...rest).name, shape: value.shape?.with(axis, size) };
  }, g);
}

type Place = (
  graph: Graph,
  piece: Value,
  axis: number,
  length: number,
  size: number,
  at: (piece: Value, length: number, begin: number) => Value,
) => Value;

const total = (graph: Graph, piece: Value, axis: number): Value => graph.reduceSum(piece, [axis], true);

/** Where the elements before the first and behind the last were taken from. */
const PLACES: Readonly<Record<string, { readonly before: Place; readonly after: Place }>> = {
  edge: {
    before: (graph, piece, axis, _, __, at) => at(total(graph, piece, axis), 1, 0),
    after: (graph, piece, axis, _, size, at) => at(total(graph, piece, axis), 1, size - 1),
  },
  reflect: {
    before: (graph, piece, axis, length, _, at) => at(flip(graph, piece, axis), length, 1),
    after: (graph, piece, axis, length, size, at) => at(flip(graph, piece, axis), length, size - 1 - length),
  },
  wrap: {
    before: (_, piece, __, length, size, at) => at(piece, length, size - length),
    after: (_, piece, __, length, ___, at) => at(piece, length, 0),
  },
};

const open = (op: Operation) =>
  unsupported(
    op,
    `repeats its input (${op.attributes.mode}) in sizes that are not known`,
    'export the model with fixed sizes',
  );
