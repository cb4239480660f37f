import type { Attributes } from '../graph.js';
import { WINDOW_CASES } from './cases/window.js';

/** A case for the gradient rules: an operator on random inputs. */
export interface Case {
  readonly operator: string;
  readonly shapes: readonly (readonly number[])[];
  readonly attributes: Attributes;
  /** A last input of constant int64: axes, or a shape. */
  readonly ints?: readonly number[];
  /** Inputs that are constants of the graph. */
  readonly frozen: readonly number[];
  /**
   * Where the inputs lie: positive for logarithms, not near 0 for what has a kink or a pole there, far apart for what takes the largest.
   */
  readonly domain: 'all' | 'positive' | 'not near 0' | 'far apart';
  readonly opset: number;
}

const of = (operator: string, shapes: number[][], attributes: Attributes = {}, more: Partial<Case> = {}): Case => ({
  operator,
  shapes,
  attributes,
  frozen: [],
  domain: 'all',
  opset: 17,
  ...more,
});

/** An axis 0 of size 2 is a batch: every case runs once with its size known and once with it open. */
export const CASES: readonly Case[] = [
  of('Identity', [[2, 3]]),
  of('Add', [
    [2, 3],
    [2, 3],
  ]),
  of('Add', [
    [2, 3, 4, 5],
    [3, 1, 1],
  ]),
  of('Add', [[3], [2, 4, 3]]),
  of('Add', [
    [1, 3],
    [4, 1],
  ]),
  of('Add', [[], [2, 3]]),
  of('Sub', [
    [2, 3],
    [2, 3],
  ]),
  of('Sub', [[3], [2, 3]]),
  of('Mul', [
    [2, 3],
    [2, 3],
  ]),
  of('Mul', [
    [2, 3, 4],
    [1, 3, 1],
  ]),
  of(
    'Div',
    [
      [2, 3],
      [2, 3],
    ],
    {},
    { domain: 'positive' },
  ),
  of('Div', [[3], [2, 3]], {}, { domain: 'not near 0' }),
  of('Neg', [[2, 3]]),
  of('Exp', [[2, 3]]),
  of('Log', [[2, 3]], {}, { domain: 'positive' }),
  of('Sqrt', [[2, 3]], {}, { domain: 'positive' }),
  of('Relu', [[2, 30]], {}, { domain: 'not near 0' }),
  of('Sigmoid', [[2, 3]]),
  of('Tanh', [[2, 3]]),

  of('MatMul', [
    [2, 3],
    [3, 4],
  ]),
  of('MatMul', [
    [2, 3, 4],
    [2, 4, 5],
  ]),
  of('MatMul', [
    [2, 3, 4],
    [4, 5],
  ]),
  of('MatMul', [
    [3, 4],
    [2, 4, 5],
  ]),
  of('MatMul', [
    [1, 3, 4],
    [2, 4, 5],
  ]),
  of('MatMul', [
    [2, 1, 3, 4],
    [1, 5, 4, 3],
  ]),
  of('Gemm', [[2, 3], [3, 4], [4]]),
  of(
    'Gemm',
    [
      [2, 3],
      [4, 3],
      [2, 4],
    ],
    { transB: 1 },
  ),
  of(
    'Gemm',
    [
      [3, 2],
      [3, 4],
      [2, 1],
    ],
    { transA: 1 },
  ),
  of('Gemm', [[3, 5], [4, 3], [1]], { transA: 1, transB: 1, alpha: 0.5, beta: -2 }),
  of(
    'Gemm',
    [
      [2, 3],
      [3, 4],
    ],
    { alpha: 1.5 },
  ),
  of('Gemm', [[2, 3], [4, 3], [4]], { transB: 1, alpha: 0.7 }, { frozen: [1, 2] }),

  of('ReduceSum', [[2, 3, 4]], { keepdims: 1 }, { ints: [1] }),
  of('ReduceSum', [[2, 3, 4]], { keepdims: 0 }, { ints: [-1, 0] }),
  of('ReduceSum', [[2, 3, 4]], { keepdims: 0 }),
  of('ReduceMean', [[2, 3, 4]], { keepdims: 1, axes: [-1] }),
  of('ReduceMean', [[2, 3, 4]], { keepdims: 0, axes: [0, 2] }, { opset: 13 }),
  of('ReduceMean', [[2, 3, 4]], { keepdims: 0 }, { opset: 18, ints: [2, 1] }),
  of('ReduceMean', [[2, 3]]),
  of('GlobalAveragePool', [[2, 3, 4, 5]]),
  of('GlobalAveragePool', [[2, 3, 7]]),
  of('Softmax', [[2, 5]]),
  of('Softmax', [[2, 3, 4]], { axis: 1 }),
  of('LogSoftmax', [[2, 5]]),
  of('LogSoftmax', [[2, 3, 4]], { axis: 1 }),

  of('Flatten', [[2, 3, 4]]),
  of('Flatten', [[2, 3, 4]], { axis: 2 }),
  of('Flatten', [[2, 3, 4]], { axis: -1 }),
  of('Reshape', [[2, 3, 4]], {}, { ints: [0, -1] }),
  of('Reshape', [[2, 6]], {}, { ints: [-1, 3, 2] }),
  of('Squeeze', [[2, 1, 3, 1]], {}, { ints: [1, 3] }),
  of('Squeeze', [[2, 1, 3]]),
  of('Unsqueeze', [[2, 3]], {}, { ints: [0, -1] }),
  of('Transpose', [[2, 3, 4]]),
  of('Transpose', [[2, 3, 4, 5]], { perm: [0, 2, 3, 1] }),

  ...WINDOW_CASES,
];
