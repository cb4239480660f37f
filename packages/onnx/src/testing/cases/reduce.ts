import { type Case, of } from './case.js';

export const REDUCE: readonly Case[] = [
  of('ReduceSum', '2x3x4', { keepdims: 1 }, { ints: [1] }),
  of('ReduceSum', '2x3x4', { keepdims: 0 }, { ints: [-1, 0] }),
  of('ReduceSum', '2x3x4', { keepdims: 0 }),
  of('ReduceMean', '2x3x4', { keepdims: 1, axes: [-1] }),
  of('ReduceMean', '2x3x4', { keepdims: 0, axes: [0, 2] }, { opset: 13 }),
  of('ReduceMean', '2x3x4', { keepdims: 0 }, { opset: 18, ints: [2, 1] }),
  of('ReduceMean', '2x3'),
  of('GlobalAveragePool', '2x3x4x5'),
  of('GlobalAveragePool', '2x3x7'),
  of('Softmax', '2x5'),
  of('Softmax', '2x3x4', { axis: 1 }),
  of('LogSoftmax', '2x5'),
  of('LogSoftmax', '2x3x4', { axis: 1 }),
];
