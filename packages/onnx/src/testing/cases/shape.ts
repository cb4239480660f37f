import { type Case, of } from './case.js';

export const SHAPE: readonly Case[] = [
  of('Flatten', '2x3x4'),
  of('Flatten', '2x3x4', { axis: 2 }),
  of('Flatten', '2x3x4', { axis: -1 }),
  of('Reshape', '2x3x4', {}, { ints: [0, -1] }),
  of('Reshape', '2x6', {}, { ints: [-1, 3, 2] }),
  of('Squeeze', '2x1x3x1', {}, { ints: [1, 3] }),
  of('Squeeze', '2x1x3'),
  of('Unsqueeze', '2x3', {}, { ints: [0, -1] }),
  of('Transpose', '2x3x4'),
  of('Transpose', '2x3x4x5', { perm: [0, 2, 3, 1] }),
];
