import fc from 'fast-check';
import { axesOf, axisOf, type CaseArbitrary, caseOf, shape } from '../arbitrary.js';
import { type Case, type Cases, type Constant, of } from '../case.js';

const ints = (...values: number[]): Constant => ({ ints: values });

/** Starts, ends, axes and steps of a slice. */
const sliced = (...last: (Constant | undefined)[]): Partial<Case> => ({ last });

/** A shape and one of its axes, counted from either end. */
const along = (minLength = 1) =>
  shape(minLength).chain((dims) => fc.record({ dims: fc.constant(dims), axis: axisOf(dims.length) }));

const at = (dims: readonly number[], axis: number): number => dims.at(axis) as number;
const fromFront = (dims: readonly number[], axis: number): number => (axis < 0 ? axis + dims.length : axis);

/** Ranges of at least one element: forwards or backwards, bounds counted from either end or beyond it. */
const slice: CaseArbitrary = shape(1)
  .chain((dims) =>
    fc.record({
      dims: fc.constant(dims),
      axes: axesOf(dims.length, 1),
      ranges: fc.array(
        fc.record({ a: fc.nat(3), b: fc.nat(3), step: fc.constantFrom(1, 1, 2, -1, -2), back: fc.boolean() }),
        { minLength: dims.length, maxLength: dims.length },
      ),
    }),
  )
  .map(({ dims, axes, ranges }) => {
    const chosen = axes.map((axis, i) => {
      const { a, b, back, ...range } = ranges[i] as { a: number; b: number; step: number; back: boolean };
      // The batch may be open, and then its step has to be 1.
      const step = fromFront(dims, axis) === 0 ? 1 : range.step;
      const count = at(dims, axis);
      const [low, high] = [Math.min(a, b) % count, Math.max(a, b) % count].sort((x, y) => x - y) as [number, number];
      const start = step > 0 ? low : high;
      // One past the last; before the first there is no index, only what lies beyond the end.
      const end = step > 0 ? (high === count - 1 ? 100 : high + 1) : low === 0 ? -100 : low - 1;
      return { start: back ? start - count : start, end, step };
    });
    const list = (pick: (range: { start: number; end: number; step: number }) => number): Constant => ({
      ints: chosen.map(pick),
    });
    const last = [list(({ start }) => start), list(({ end }) => end), { ints: axes }, list(({ step }) => step)];
    return caseOf('Slice', [dims], {}, { last });
  });

/** Indices of an axis, counted from either end and repeated. */
const indices = (count: number, length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0 - count, max: count - 1 }), { minLength: length, maxLength: length });

const gather: CaseArbitrary = along()
  .chain(({ dims, axis }) => {
    const count = at(dims, axis);
    const one = fc.integer({ min: 0 - count, max: count - 1 }).map((ints): Constant => ({ ints }));
    const several = fc
      .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }))
      .chain(([a, b]) => indices(count, a * b).map((ints): Constant => ({ ints, dims: a === 1 ? [b] : [a, b] })));
    return fc.tuple(fc.constant(dims), fc.constant(axis), fc.oneof(one, several));
  })
  .map(([dims, axis, picked]) => caseOf('Gather', [dims], { axis }, { last: [picked] }));

const gatherElements: CaseArbitrary = along()
  .chain(({ dims, axis }) => {
    const total = dims.reduce((product, count) => product * count, 1);
    return fc.tuple(fc.constant(dims), fc.constant(axis), indices(at(dims, axis), total));
  })
  .map(([dims, axis, ints]) => caseOf('GatherElements', [dims], { axis }, { last: [{ ints, dims }] }));

export const indexing: Cases = {
  fixed: [
    of('Slice', '2x6', {}, sliced(ints(1), ints(4), ints(1))),
    of('Slice', '4x6', {}, sliced(ints(1, -4), ints(3, -1))),
    of('Slice', '2x6x5', {}, sliced(ints(1, -2), ints(100, 100), ints(1, -1))),
    of('Slice', '2x3', {}, sliced(ints(0), ints(-1), ints(0))),
    of('Slice', '2x3', {}, sliced(ints(-1), ints(9), ints(0))),
    of('Slice', '2x3', {}, sliced(ints(0), ints(1), ints(0))),
    of('Slice', '2x6x5', {}, sliced(ints(0, 1), ints(100, 100), ints(1, 2), ints(2, 2))),
    of('Slice', '2x6x5', {}, sliced(ints(1, 0), ints(100, 100), ints(1, 2), ints(2, 3))),
    of('Slice', '2x7', {}, sliced(ints(-1), ints(-100), ints(1), ints(-1))),
    of('Slice', '2x7', {}, sliced(ints(5), ints(0), ints(1), ints(-2))),
    of('Slice', '2x7', {}, sliced(ints(100), ints(1), ints(1), ints(-3))),
    of('Gather', '2x3x4', { axis: 1 }, { last: [{ ints: 1 }] }),
    of('Gather', '2x3x4', { axis: -1 }, { last: [{ ints: -1 }] }),
    of('Gather', '3x2x4', {}, { last: [{ ints: 2 }] }),
    of('Gather', '2x3', {}, { last: [{ ints: 1 }] }),
    of('Gather', '2x5', { axis: 1 }, { ints: [1, 2, 3] }),
    of('Gather', '2x5', { axis: 1 }, { ints: [4, 2, 0] }),
    of('Gather', '2x6x2', { axis: 1 }, { ints: [0, 2, 4] }),
    of('Gather', '2x4', { axis: 1 }, { ints: [2, 0, 3, 1] }),
    of('Gather', '2x4', { axis: 1 }, { ints: [2, 2, 0] }),
    of('Gather', '2x4x3', { axis: 1 }, { last: [{ ints: [2, 2, 0, 1, -1, 3], dims: [2, 3] }] }),
    of('Gather', '5x3', {}, { last: [{ ints: [2, 2, 0, 1], dims: [2, 2] }] }),
    of('GatherElements', '2x4', { axis: 1 }, { last: [{ ints: [0, 0, 3, 2], dims: [2, 2] }] }),
    of('GatherND', '2x4', {}, { last: [{ ints: [0, 0, 1, 2, 0, 0], dims: [3, 2] }] }),
  ],
  random: {
    Slice: slice,
    Gather: gather,
    GatherElements: gatherElements,
  },
  /** Slices with steps need sizes. */
  openSizes: ({ last }) => last.length < 4,
  without: { GatherND: { random: 'its indices are tuples; the fixed ones are enough' } },
};
