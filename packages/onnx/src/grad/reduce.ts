import type { Graph, Operation, Value } from '../graph.js';
import { reductionAxes } from '../shapes.js';
import { input, output, type Rules } from './rule.js';

/** The gradient of a sum: the same number for every element that went into it. */
function spread(graph: Graph, g: Value, operation: Operation): Value {
  const x = input(operation, 0);
  const axes = reductionAxes(operation.inputs, operation.attributes, graph) ?? [];
  const kept = (operation.attributes.keepdims ?? 1) === 1 ? g : graph.op('Unsqueeze', [g, graph.ints(axes)]);
  return graph.op('Expand', [kept, graph.op('Shape', [x])]);
}

/** How many elements of x go into each element of y. */
const share = (graph: Graph, x: Value, y: Value): Value => graph.div(graph.size(y), graph.size(x));

const softmaxAxis = (operation: Operation): number => (operation.attributes.axis ?? -1) as number;

export const reduce: Rules = {
  ReduceSum: [spread],
  ReduceMean: [(graph, g, op) => spread(graph, graph.mul(g, share(graph, input(op, 0), output(op))), op)],
  GlobalAveragePool: [
    (graph, g, op) => {
      const x = input(op, 0);
      return graph.op('Expand', [graph.mul(g, share(graph, x, output(op))), graph.op('Shape', [x])]);
    },
  ],
  /** y (g - sum(g y)) */
  Softmax: [
    (graph, g, op) => {
      const y = output(op);
      return graph.mul(y, graph.sub(g, graph.reduceSum(graph.mul(g, y), [softmaxAxis(op)], true)));
    },
  ],
  /** g - softmax(x) sum(g) */
  LogSoftmax: [
    (graph, g, op) => graph.sub(g, graph.mul(graph.exp(output(op)), graph.reduceSum(g, [softmaxAxis(op)], true))),
  ],
};
