import fc from 'fast-check';
import { type Case, of } from './case.js';

export const caseOf = of;

/** Random cases of one operator. */
export type CaseArbitrary = fc.Arbitrary<Case>;

/** Small: a case is a few dozen elements. */
export const size = fc.integer({ min: 1, max: 4 });

/** A shape of minLength to maxLength axes. */
export const shape = (minLength = 0, maxLength = 4): fc.Arbitrary<number[]> => fc.array(size, { minLength, maxLength });

/** The oldest operator set that is supported, the one that exporters write most, and a new one. */
export const opset = fc.constantFrom(17, 13, 21);

/** An axis of a shape, counted from the front or from the back. */
export const axisOf = (rank: number): fc.Arbitrary<number> => fc.integer({ min: -rank, max: rank - 1 });

/** Some axes of a shape, each once and counted from either end. */
export const axesOf = (rank: number, minLength = 0): fc.Arbitrary<number[]> =>
  fc
    .tuple(
      fc.shuffledSubarray(
        Array.from({ length: rank }, (_, i) => i),
        { minLength },
      ),
      fc.array(fc.boolean(), { minLength: rank, maxLength: rank }),
    )
    .map(([axes, fromBack]) => axes.map((axis) => (fromBack[axis] ? axis - rank : axis)));

/** Shapes that are repeated to one common shape. */
export const broadcastShapes = (count: number, minLength = 0): fc.Arbitrary<number[][]> =>
  shape(minLength).chain((full) => fc.tuple(...Array.from({ length: count }, () => repeatedTo(full))));

/** Left out in front, or 1, where it is repeated. */
export const repeatedTo = (full: readonly number[]): fc.Arbitrary<number[]> =>
  fc
    .tuple(fc.nat(full.length), fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }))
    .map(([missing, single]) => full.map((dim, i) => (single[i] ? 1 : dim)).slice(missing));

/** An operator of one input, element by element. */
export const unary = (operator: string, more: Partial<Case> = {}, attributes: Case['attributes'] = {}): CaseArbitrary =>
  fc.tuple(shape(), opset).map(([dims, opset]) => caseOf(operator, [dims], attributes, { opset, ...more }));
