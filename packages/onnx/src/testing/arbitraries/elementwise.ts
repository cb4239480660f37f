import fc from 'fast-check';
import type { Case } from '../cases.js';
import { broadcastShapes, type CaseArbitrary, caseOf, opset, repeatedTo, shape } from './arbitrary.js';

/** An operator of one input, element by element. */
export const unary = (operator: string, more: Partial<Case> = {}, attributes: Case['attributes'] = {}): CaseArbitrary =>
  fc.tuple(shape(), opset).map(([dims, opset]) => caseOf(operator, [dims], attributes, { opset, ...more }));

/** An operator of inputs that are repeated along each other's axes. */
const repeating = (operator: string, count: number, domain: Case['domain'] = 'all'): CaseArbitrary =>
  fc.tuple(broadcastShapes(count), opset).map(([shapes, opset]) => caseOf(operator, shapes, {}, { domain, opset }));

const binary = (operator: string, domain?: Case['domain']): CaseArbitrary => repeating(operator, 2, domain);

/** One to three inputs. */
const variadic = (operator: string): CaseArbitrary =>
  fc.integer({ min: 1, max: 3 }).chain((count) => repeating(operator, count));

const bound = fc.constantFrom(-0.5, 0, 0.75);

/** The larger or smaller of a value and a number, which the value keeps away from. */
const extreme = (operator: string): CaseArbitrary =>
  fc.tuple(shape(), bound).map(([dims, float]) => caseOf(operator, [dims], {}, { last: [{ float }], kinks: [float] }));

const where: CaseArbitrary = shape(1)
  .chain((dims) =>
    fc.tuple(repeatedTo(dims), repeatedTo(dims), repeatedTo(dims), fc.array(fc.boolean(), { minLength: 64 })),
  )
  .map(([dims, a, b, choices]) => {
    const count = dims.reduce((product, size) => product * size, 1);
    const bools = Array.from({ length: count }, (_, i) => choices[i % choices.length] ?? false);
    return caseOf('Where', [a, b], {}, { first: [{ bools, dims }] });
  });

const near0 = { domain: 'near 0' } as const;
const positive = { domain: 'positive' } as const;

export const elementwise: Readonly<Record<string, CaseArbitrary>> = {
  Identity: unary('Identity'),
  Add: binary('Add'),
  Sub: binary('Sub'),
  Mul: binary('Mul'),
  Div: binary('Div', 'positive'),
  Pow: binary('Pow', 'positive'),
  Sum: variadic('Sum'),
  Mean: variadic('Mean'),
  Max: extreme('Max'),
  Min: extreme('Min'),
  Where: where,
  // Its gradient is a CastLike, which came with operator set 15.
  Cast: unary('Cast', { opset: 17 }, { to: 1 }),
  CastLike: unary('CastLike', { last: [{ float: 1 }], opset: 17 }),
  Neg: unary('Neg'),
  Abs: unary('Abs', { domain: 'not near 0' }),
  Reciprocal: unary('Reciprocal', positive),
  Exp: unary('Exp'),
  Log: unary('Log', positive),
  Sqrt: unary('Sqrt', positive),
  Relu: unary('Relu', { domain: 'not near 0' }),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Erf: unary('Erf'),
  Sin: unary('Sin'),
  Cos: unary('Cos'),
  Tan: unary('Tan', near0),
  Asin: unary('Asin', near0),
  Acos: unary('Acos', near0),
  Atan: unary('Atan'),
  Sinh: unary('Sinh'),
  Cosh: unary('Cosh'),
  Asinh: unary('Asinh'),
  Acosh: unary('Acosh', { domain: 'above 1' }),
  Atanh: unary('Atanh', near0),
};
