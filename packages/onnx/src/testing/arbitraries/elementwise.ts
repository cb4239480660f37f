import fc from 'fast-check';
import type { Case } from '../cases.js';
import { broadcastShapes, type CaseArbitrary, caseOf, opset, shape } from './arbitrary.js';

/** An operator of one input, element by element. */
export const unary = (operator: string, domain: Case['domain'] = 'all'): CaseArbitrary =>
  fc.tuple(shape(), opset).map(([dims, version]) => caseOf(operator, [dims], {}, { domain, opset: version }));

/** An operator of two inputs that are repeated along each other's axes. */
export const binary = (operator: string, domain: Case['domain'] = 'all'): CaseArbitrary =>
  fc
    .tuple(broadcastShapes(2), opset)
    .map(([shapes, version]) => caseOf(operator, shapes, {}, { domain, opset: version }));

export const elementwise: Readonly<Record<string, CaseArbitrary>> = {
  Identity: unary('Identity'),
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div', 'positive'),
  Neg: unary('Neg'),
  Exp: unary('Exp'),
  Log: unary('Log', 'positive'),
  Sqrt: unary('Sqrt', 'positive'),
  Relu: unary('Relu', 'not near 0'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
};
