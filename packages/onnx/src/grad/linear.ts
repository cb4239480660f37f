import type { Graph, Value } from '../graph.js';
import { convolution } from './convolution.js';
import { input, type Rules } from './rule.js';

/** The last two axes exchanged. */
function transposeLast(graph: Graph, value: Value): Value {
  const rank = value.shape?.length ?? 2;
  const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return graph.transpose(value, perm);
}

export const linear: Rules = {
  MatMul: [
    (graph, g, op) => graph.matmul(g, transposeLast(graph, input(op, 1))),
    (graph, g, op) => graph.matmul(transposeLast(graph, input(op, 0)), g),
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
