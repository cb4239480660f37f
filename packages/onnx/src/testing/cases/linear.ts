import { type Case, of } from './case.js';

export const LINEAR: readonly Case[] = [
  of('MatMul', '2x3 3x4'),
  of('MatMul', '2x3x4 2x4x5'),
  of('MatMul', '2x3x4 4x5'),
  of('MatMul', '3x4 2x4x5'),
  of('MatMul', '1x3x4 2x4x5'),
  of('MatMul', '2x1x3x4 1x5x4x3'),
  of('Gemm', '2x3 3x4 4'),
  of('Gemm', '2x3 4x3 2x4', { transB: 1 }),
  of('Gemm', '3x2 3x4 2x1', { transA: 1 }),
  of('Gemm', '3x5 4x3 1', { transA: 1, transB: 1, alpha: 0.5, beta: -2 }),
  of('Gemm', '2x3 3x4', { alpha: 1.5 }),
  of('Gemm', '2x3 4x3 4', { transB: 1, alpha: 0.7 }, { frozen: [1, 2] }),
];
