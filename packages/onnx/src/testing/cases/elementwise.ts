import fc from 'fast-check';
import { broadcastShapes, type CaseArbitrary, caseOf, opset, repeatedTo, shape, unary } from '../arbitrary.js';
import { type Case, type Cases, of } from '../case.js';

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

export const elementwise: Cases = {
  fixed: [
    of('Identity', '2x3'),
    of('Add', '2x3 2x3'),
    of('Add', '2x3x4x5 3x1x1'),
    of('Add', '3 2x4x3'),
    of('Add', '1x3 4x1'),
    of('Add', '. 2x3'),
    of('Sub', '2x3 2x3'),
    of('Sub', '3 2x3'),
    of('Mul', '2x3 2x3'),
    of('Mul', '2x3x4 1x3x1'),
    of('Div', '2x3 2x3', {}, { domain: 'positive' }),
    of('Div', '3 2x3', {}, { domain: 'not near 0' }),
    of('Neg', '2x3'),
    of('Exp', '2x3'),
    of('Log', '2x3', {}, { domain: 'positive' }),
    of('Sqrt', '2x3', {}, { domain: 'positive' }),
    of('Sqrt', '2x3', {}, { domain: 'positive' }),
    of('Pow', '2x20 .', {}, { domain: 'positive' }),
    of('Pow', '2x3x4 3x1', {}, { domain: 'positive' }),
    of('Pow', '2x20', {}, { last: [{ float: 2 }] }),
    of('Pow', '2x20', {}, { last: [{ float: 3 }] }),
    of('Pow', '2x20', {}, { last: [{ float: 0.5 }], domain: 'positive' }),
    of('Pow', '2x20', {}, { last: [{ float: -1.5 }], domain: 'positive' }),
    of('Pow', '2x20', {}, { last: [{ ints: 3 }] }),
    of('Sum', '2x3 3 2x1'),
    of('Sum', '2x3'),
    of('Mean', '2x3 3 2x1'),
    of('Max', '2x20 20 2x1', {}, { domain: 'apart' }),
    of('Min', '2x20 20 2x1', {}, { domain: 'apart' }),
    of('Max', '2x20', {}, { last: [{ float: 0.1 }], kinks: [0.1] }),
    of('Where', '2x3 3', {}, { first: [{ bools: [true, false, false], dims: [3] }] }),
    of('Where', '. 2x3', {}, { first: [{ bools: [true, false], dims: [2, 1] }] }),
    of('Cast', '2x3', { to: 1 }),
    of('CastLike', '2x3', {}, { last: [{ float: 1 }] }),
    of('Abs', '2x20', {}, { domain: 'not near 0' }),
    of('Reciprocal', '2x20', {}, { domain: 'positive' }),
    of('Erf', '2x20'),
    of('Sin', '2x20'),
    of('Cos', '2x20'),
    of('Tan', '2x20', {}, { domain: 'near 0' }),
    of('Asin', '2x20', {}, { domain: 'near 0' }),
    of('Acos', '2x20', {}, { domain: 'near 0' }),
    of('Atan', '2x20'),
    of('Sinh', '2x20'),
    of('Cosh', '2x20'),
    of('Asinh', '2x20'),
    of('Acosh', '2x20', {}, { domain: 'above 1' }),
    of('Atanh', '2x20', {}, { domain: 'near 0' }),
  ],
  random: {
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
  },
};
