import fc from 'fast-check';
import type { Attributes } from '../../graph.js';
import type { Case } from '../cases.js';
import { type CaseArbitrary, caseOf, shape } from './arbitrary.js';

const factor = fc.integer({ min: 2, max: 20 }).map((tenths) => tenths / 10);

/** An activation with random attributes. */
const activation = (
  operator: string,
  attributes: fc.Arbitrary<Attributes> = fc.constant({}),
  more: Partial<Case> = {},
): CaseArbitrary => fc.tuple(shape(), attributes).map(([dims, given]) => caseOf(operator, [dims], given, more));

const alpha = fc.record({ alpha: factor });
const kinked: Partial<Case> = { domain: 'not near 0' };

export const activations: Readonly<Record<string, CaseArbitrary>> = {
  LeakyRelu: activation('LeakyRelu', alpha, kinked),
  Elu: activation('Elu', alpha, kinked),
  Celu: activation('Celu', alpha, kinked),
  Selu: activation('Selu', fc.record({ alpha: factor, gamma: factor }), kinked),
  HardSwish: activation('HardSwish', fc.constant({}), { kinks: [-3, 3] }),
  Gelu: activation('Gelu', fc.constantFrom({ approximate: 'none' }, { approximate: 'tanh' }), { opset: 20 }),
  Mish: activation('Mish', fc.constant({}), { opset: 18 }),
  Softplus: activation('Softplus'),
  Softsign: activation('Softsign'),
  Erf: activation('Erf'),
  Sin: activation('Sin'),
  Cos: activation('Cos'),
  Abs: activation('Abs', fc.constant({}), kinked),
  Reciprocal: activation('Reciprocal', fc.constant({}), { domain: 'positive' }),
};
