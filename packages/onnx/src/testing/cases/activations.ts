import { type Case, of } from './case.js';

const bounds = (lower: number | undefined, upper: number | undefined): Partial<Case> => ({
  kinks: [lower, upper].flatMap((bound) => bound ?? []),
  last: [lower, upper].map((bound) => (bound === undefined ? undefined : { float: bound })),
});

export const ACTIVATIONS: readonly Case[] = [
  of('LeakyRelu', '2x20', {}, { domain: 'not near 0' }),
  of('LeakyRelu', '2x20', { alpha: -0.5 }, { domain: 'not near 0' }),
  of('PRelu', '2x3x4 3x1', {}, { domain: 'not near 0' }),
  of('PRelu', '2x20 1', {}, { domain: 'not near 0' }),
  of('Elu', '2x20', {}, { domain: 'not near 0' }),
  of('Elu', '2x20', { alpha: 0.3 }, { domain: 'not near 0' }),
  of('Celu', '2x20', { alpha: 0.7 }, { domain: 'not near 0' }),
  of('Celu', '2x20', {}, { domain: 'not near 0' }),
  of('Selu', '2x20', {}, { domain: 'not near 0' }),
  of('Selu', '2x20', { alpha: 1.2, gamma: 0.5 }, { domain: 'not near 0' }),
  of('ThresholdedRelu', '2x20', { alpha: 0.4 }, { domain: 'not near 0' }),
  of('Clip', '2x20', {}, bounds(0, 6)),
  of('Clip', '2x20', {}, bounds(-0.55, 0.8)),
  of('Clip', '2x20', {}, bounds(undefined, 0.8)),
  of('Clip', '2x20', {}, bounds(-0.55, undefined)),
  of('Clip', '2x20'),
  of('HardSigmoid', '2x20', { alpha: 1 / 6, beta: 0.5 }),
  of('HardSigmoid', '2x20', { alpha: 0.9, beta: 0.3 }, { kinks: [-1 / 3, 7 / 9] }),
  of('HardSigmoid', '2x20', {}, { kinks: [-2.5, 2.5] }),
  of('HardSwish', '20x20', {}, { kinks: [-3, 3] }),
  of('Shrink', '2x20', { lambd: 0.45, bias: 0 }, { domain: 'not near 0' }),
  of('Gelu', '2x20', {}, { opset: 20 }),
  of('Gelu', '2x20', { approximate: 'none' }, { opset: 20 }),
  of('Gelu', '2x20', { approximate: 'tanh' }, { opset: 20 }),
  of('Swish', '2x20', { alpha: 1.3 }, { opset: 24 }),
  of('Mish', '2x20', {}, { opset: 18 }),
  of('Softplus', '2x20'),
  of('Softsign', '2x20'),
  of('Dropout', '2x20'),
];
