import type { Graph } from '../graph/graph.js';
import type { Operation, Value } from '../graph/types.js';
import { operatorOf } from '../operators/operators.js';
import { axisOf } from '../operators/semantics/broadcast.js';

/** Sums a part of a gradient over the axes along which an input of the operation was repeated. */
export function unbroadcast(graph: Graph, part: Value, value: Value, g: Value, operation: Operation): Value {
  const broadcasts = operatorOf(operation)?.broadcasts;
  const from = part.shape ?? (broadcasts === 'together' ? g.shape : undefined);
  const { shape } = value;
  if (from === undefined || shape === undefined) {
    const whole = broadcasts !== undefined ? whileRunning(graph, part, value) : part;
    return { name: whole.name, shape };
  }
  const rank = from.length;
  const axes = from.flatMap((size, i) => (axisOf(shape, rank, i) === 1 && size !== 1 ? [i] : []));
  const summed = axes.length === 0 ? part : graph.reduceSum(part, axes, true);
  const restored = rank === shape.length ? summed : graph.reshapeLike(summed, value);
  return { name: restored.name, shape };
}

/** The same where a shape shows only when the graph runs: sums over the axes in which the two differ. */
function whileRunning(graph: Graph, part: Value, value: Value): Value {
  const [from, to] = [graph.op('Shape', [part]), graph.op('Shape', [value])];
  const missing = graph.sub(graph.op('Shape', [from]), graph.op('Shape', [to]));
  const ones = graph.op('Expand', [graph.ints([1]), missing]);
  const aligned = graph.op('Concat', [ones, to], { axis: 0 });
  const differ = graph.op('Not', [graph.op('Equal', [from, aligned])]);
  const axes = graph.reshape(graph.op('NonZero', [differ]), [-1]);
  const summed = graph.op('ReduceSum', [part, axes], { keepdims: 1, noop_with_empty_axes: 1 });
  return graph.op('Reshape', [summed, to]);
}
