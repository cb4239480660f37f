import fc from 'fast-check';
import { type CaseArbitrary, caseOf, repeatedTo, shape, unary } from '../arbitrary.js';
import { type Case, type Cases, of } from '../case.js';

const bounds = (lower: number | undefined, upper: number | undefined): Partial<Case> => ({
  kinks: [lower, upper].flatMap((bound) => bound ?? []),
  last: [lower, upper].map((bound) => (bound === undefined ? undefined : { float: bound })),
});

/** An activation that bends at 0, with some of its attributes set. */
const bent = (operator: string, attributes: Readonly<Record<string, number>> = {}, opset = 17): CaseArbitrary =>
  fc.tuple(shape(), fc.subarray(Object.keys(attributes))).map(([dims, names]) => {
    const set = Object.fromEntries(names.map((name) => [name, attributes[name] as number]));
    return caseOf(operator, [dims], set, { domain: 'not near 0', opset });
  });

const smooth = (operator: string, opset: number, more: Partial<Case> = {}): CaseArbitrary =>
  unary(operator, { opset, ...more });

const prelu: CaseArbitrary = shape(1)
  .chain((dims) => fc.tuple(fc.constant(dims), repeatedTo(dims)))
  .map((shapes) => caseOf('PRelu', shapes, {}, { domain: 'not near 0' }));

const bound = (value: number) => fc.option(fc.constant(value), { nil: undefined });

const clip: CaseArbitrary = fc.tuple(shape(), bound(-0.5), bound(0.75)).map(([dims, ...bounds]) =>
  caseOf(
    'Clip',
    [dims],
    {},
    {
      kinks: bounds.flatMap((value) => value ?? []),
      last: bounds.map((value) => (value === undefined ? undefined : { float: value })),
    },
  ),
);

const hardSigmoid: CaseArbitrary = fc
  .tuple(shape(), fc.constantFrom(0.2, 0.5, 1), fc.constantFrom(0.5, 0.25))
  .map(([dims, alpha, beta]) =>
    caseOf('HardSigmoid', [dims], { alpha, beta }, { kinks: [(0 - beta) / alpha, (1 - beta) / alpha] }),
  );

const gelu: CaseArbitrary = fc
  .tuple(shape(), fc.constantFrom('none', 'tanh'))
  .map(([dims, approximate]) => caseOf('Gelu', [dims], { approximate }, { opset: 20 }));

export const activations: Cases = {
  fixed: [
    of('Relu', '2x30', {}, { domain: 'not near 0' }),
    of('Sigmoid', '2x3'),
    of('Tanh', '2x3'),
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
  ],
  random: {
    Relu: unary('Relu', { domain: 'not near 0' }),
    Sigmoid: unary('Sigmoid'),
    Tanh: unary('Tanh'),
    LeakyRelu: bent('LeakyRelu', { alpha: 0.3 }),
    PRelu: prelu,
    Elu: bent('Elu', { alpha: 0.3 }),
    Celu: bent('Celu', { alpha: 0.7 }),
    Selu: bent('Selu', { alpha: 1.2, gamma: 0.5 }),
    ThresholdedRelu: fc.constantFrom(0.4, 1).chain((alpha) => unary('ThresholdedRelu', { kinks: [alpha] }, { alpha })),
    Clip: clip,
    HardSigmoid: hardSigmoid,
    HardSwish: smooth('HardSwish', 17, { kinks: [-3, 3] }),
    Shrink: unary('Shrink', { domain: 'not near 0' }, { lambd: 0.45, bias: 0 }),
    Gelu: gelu,
    Swish: fc.constantFrom(1, 0.7).chain((alpha) => unary('Swish', { opset: 24 }, { alpha })),
    Mish: smooth('Mish', 18),
    Softplus: smooth('Softplus', 17),
    Softsign: smooth('Softsign', 17),
    Dropout: smooth('Dropout', 17),
  },
};
