import type { Graph } from '../graph/graph.js';
import type { Value } from '../graph/types.js';
import { joinPieces } from '../operators/formulas/place.js';
import { operatorOf } from '../operators/operators.js';

/**
 * a + b, two parts of one gradient. Where both were rearranged in the same way, their sum is rearranged instead: once,
 * and not twice. It happens where a model transposes one value for two readers. Parts that stand side by side are laid
 * side by side.
 */
export function accumulate(graph: Graph, a: Value, b: Value): Value {
  const [x, y] = [graph.producer(a), graph.producer(b)];
  const [before, also] = [x?.inputs[0], y?.inputs[0]];
  const alike =
    x?.type === y?.type &&
    JSON.stringify(x?.attributes) === JSON.stringify(y?.attributes) &&
    x?.inputs.length === 1 &&
    y?.inputs.length === 1;
  if (x === undefined || before === undefined || also === undefined || !alike || operatorOf(x)?.rearranges !== true) {
    return joinPieces(graph, a, b) ?? graph.plus(a, b);
  }
  return graph.op(x.type, [graph.plus(before, also)], x.attributes);
}
