import type { Graph, Operation, Value } from '../graph.js';
import { convolution } from './convolution.js';
import { input, type Rules, rankOf } from './rule.js';

const swapped = (rank: number): number[] =>
  Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));

/** A factor of a product with its last two axes exchanged; a vector on the left is a row, one on the right a column. */
function transposed(graph: Graph, op: Operation, i: 0 | 1): Value {
  const rank = rankOf(op, i);
  if (rank > 1) return graph.transpose(input(op, i), swapped(rank));
  return graph.op('Unsqueeze', [input(op, i), graph.ints([i === 0 ? 1 : 0])]);
}

/** g with the axes that the product lost because a factor is a vector. */
function ofMatrices(graph: Graph, g: Value, op: Operation): Value {
  const columns = rankOf(op, 1) === 1 ? graph.op('Unsqueeze', [g, graph.ints([-1])]) : g;
  return rankOf(op, 0) === 1 ? graph.op('Unsqueeze', [columns, graph.ints([-2])]) : columns;
}

export const linear: Rules = {
  MatMul: [
    (graph, g, op) => graph.matmul(ofMatrices(graph, g, op), transposed(graph, op, 1)),
    (graph, g, op) => {
      const product = graph.matmul(transposed(graph, op, 0), ofMatrices(graph, g, op));
      return rankOf(op, 1) === 1 ? graph.op('Squeeze', [product, graph.ints([-1])]) : product;
    },
  ],
  /** y = alpha A' B' + beta C with A' = A or A transposed. */
  Gemm: [
    (graph, g, op) => {
      const { transA = 0, transB = 0, alpha = 1 } = op.attributes;
      const b = input(op, 1);
      return transA === 1
        ? graph.op('Gemm', [b, g], { alpha, transA: transB, transB: 1 })
        : graph.op('Gemm', [g, b], { alpha, transB: transB === 1 ? 0 : 1 });
    },
    (graph, g, op) => {
      const { transA = 0, transB = 0, alpha = 1 } = op.attributes;
      const a = input(op, 0);
      return transB === 1
        ? graph.op('Gemm', [g, a], { alpha, transA: 1, transB: transA })
        : graph.op('Gemm', [a, g], { alpha, transA: transA === 1 ? 0 : 1 });
    },
    (graph, g, op) => graph.scale(g, (op.attributes.beta ?? 1) as number),
  ],
  ...convolution,
};
