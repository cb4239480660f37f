import type { Graph } from '../graph/graph.js';
import type { Dim, Operation, ShapeRule, Value } from '../graph/types.js';
import { type Family, input, type Rule, rankOf, unsupported } from './operator.js';
import { number } from './semantics/attributes.js';
import { together } from './semantics/broadcast.js';
import { equationOf } from './semantics/equation.js';

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

/** The equation with result and operand exchanged. */
const exchanged: Rule = (graph, g, op, i) => {
  const { operands, result } = equationOf(op);
  const own = operands[i] as string;
  const others = op.inputs.flatMap((value, k) => (k === i || value === undefined ? [] : [{ value, k }]));
  const from = [result, ...others.map(({ k }) => operands[k] as string)];
  const missing = [...own].some((letter) => !from.some((letters) => letters.includes(letter)));
  const twice = new Set(own.replace('...', '')).size < own.replace('...', '').length;
  if (missing || twice) {
    throw unsupported(op, `sums or repeats an axis of one operand ("${op.attributes.equation}")`, 'write it as a sum');
  }
  return product(graph, [g, ...others.map(({ value }) => value)], `${from}->${own}`);
};

const product = (graph: Graph, factors: readonly Value[], equation: string): Value =>
  graph.op('Einsum', factors, { equation });

const gemmShape: ShapeRule = (context) => {
  const [a, b] = context.shapes;
  return a && b && [a[number(context, 'transA', 0)], b[1 - number(context, 'transB', 0)]];
};

/** A vector is a row on the left and a column on the right, and that axis is left out of the product. */
const matmulShape: ShapeRule = ({ shapes: [a, b] }) => {
  if (a === undefined || b === undefined) return undefined;
  const rows = a.length === 1 ? [] : [a.at(-2)];
  const columns = b.length === 1 ? [] : [b.at(-1)];
  return [...together(a.slice(0, -2), b.slice(0, -2)), ...rows, ...columns];
};

const einsumShape: ShapeRule = ({ shapes, attributes }) => {
  const { operands: parts, result } = equationOf({ attributes });
  // Axes behind an ellipsis are aligned to the right: the last is called 0.
  const extra = parts.map((part, i) => (shapes[i]?.length ?? 0) - part.replace('...', '').length);
  const names = (count: number): string => Array.from({ length: count }, (_, i) => count - 1 - i).join('');
  const sizes = new Map<string, Dim>();
  for (const [i, part] of parts.entries()) {
    for (const [axis, letter] of [...part.replace('...', names(extra[i] ?? 0))].entries()) {
      const size = shapes[i]?.[axis];
      sizes.set(letter, sizes.has(letter) ? together([sizes.get(letter)], [size])[0] : size);
    }
  }
  if (shapes.includes(undefined)) return undefined;
  const shared = names(Math.max(...parts.map((part, i) => (part.includes('...') ? (extra[i] ?? 0) : 0))));
  return [...result.replace('...', shared)].map((letter) => sizes.get(letter));
};

/** Sums of products. */
export const linear: Family = {
  MatMul: {
    shape: matmulShape,
    gradient: [
      (graph, g, op) => graph.matmul(ofMatrices(graph, g, op), transposed(graph, op, 1)),
      (graph, g, op) => {
        const product = graph.matmul(transposed(graph, op, 0), ofMatrices(graph, g, op));
        return rankOf(op, 1) === 1 ? graph.op('Squeeze', [product, graph.ints([-1])]) : product;
      },
    ],
    broadcasts: 'apart',
  },
  /** y = alpha A' B' + beta C with A' = A or A transposed. */
  Gemm: {
    shape: gemmShape,
    gradient: [
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
    broadcasts: 'apart',
    floats: ['alpha', 'beta'],
  },
  Einsum: { shape: einsumShape, gradient: { everyInput: exchanged } },
};
