import fc from 'fast-check';
import type { Case } from '../cases.js';
import { type CaseArbitrary, caseOf, repeatedTo, shape } from './arbitrary.js';
import { unary } from './elementwise.js';

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

export const activations: Readonly<Record<string, CaseArbitrary>> = {
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
};
