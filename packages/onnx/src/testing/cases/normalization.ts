import { type Case, of } from './case.js';

export const NORMALIZATION: readonly Case[] = [
  of('LayerNormalization', '2x3x8 8 8', { epsilon: 1e-5 }),
  of('LayerNormalization', '2x3x8 8', { axis: 2, epsilon: 0.3 }),
  of('LayerNormalization', '2x3x4 3x4 3x4', { axis: 1 }),
  of('LayerNormalization', '2x3x4 4 4', { axis: -1 }, { frozen: [1, 2] }),
  of('InstanceNormalization', '2x3x5 3 3', { epsilon: 0.2 }),
  of('InstanceNormalization', '2x3x4x5 3 3'),
  of('GroupNormalization', '2x4x3x3 2 2', { num_groups: 2 }, { opset: 18 }),
  of('GroupNormalization', '2x4x5 1 1', { num_groups: 1, epsilon: 0.2 }, { opset: 18 }),
  of('GroupNormalization', '2x4x3x3 4 4', { num_groups: 2 }, { opset: 21 }),
  of('GroupNormalization', '2x6x5 6 6', { num_groups: 3, epsilon: 0.2 }, { opset: 21 }),
  of('RMSNormalization', '2x3x8 8', { epsilon: 0.2 }, { opset: 23 }),
  of('RMSNormalization', '2x3x4 3x4', { axis: 1 }, { opset: 23 }),
  of('LpNormalization', '2x3x5', {}, { opset: 22 }),
  of('LpNormalization', '2x3x5', { p: 1, axis: 1 }, { domain: 'not near 0', opset: 22 }),
];
