import fc from 'fast-check';
import type { Constant } from '../cases/case.js';
import { axesOf, axisOf, type CaseArbitrary, caseOf, shape, size } from './arbitrary.js';

/** A shape and one of its axes, counted from either end. */
const along = (minLength = 1) =>
  shape(minLength).chain((dims) => fc.record({ dims: fc.constant(dims), axis: axisOf(dims.length) }));

const at = (dims: readonly number[], axis: number): number => dims.at(axis) as number;
const fromFront = (dims: readonly number[], axis: number): number => (axis < 0 ? axis + dims.length : axis);

const concat: CaseArbitrary = fc
  .tuple(along(), fc.array(size, { minLength: 1, maxLength: 3 }))
  .map(([{ dims, axis }, sizes]) =>
    caseOf(
      'Concat',
      sizes.map((count) => dims.with(fromFront(dims, axis), count)),
      { axis },
    ),
  );

/** Some of the pieces are read. */
const split: CaseArbitrary = fc
  .tuple(along(), fc.array(size, { minLength: 2, maxLength: 3 }), fc.integer({ min: 1, max: 7 }))
  .map(([{ dims, axis }, sizes, read]) => {
    const all = sizes.map((_, i) => i);
    const some = all.filter((i) => (read >> i) & 1);
    const total = sizes.reduce((sum, count) => sum + count, 0);
    const reads = some.length === 0 ? all : some;
    const more = { ints: sizes, outputs: sizes.length, reads };
    return caseOf('Split', [dims.with(fromFront(dims, axis), total)], { axis }, more);
  });

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

/** Wider on either side, or narrower by one where that leaves an element. */
const pad: CaseArbitrary = shape(1)
  .chain((dims) => {
    const each = fc.array(fc.integer({ min: -1, max: 2 }), { minLength: dims.length, maxLength: dims.length });
    return fc.tuple(fc.constant(dims), each, each);
  })
  .map(([dims, before, after]) => {
    const room = dims.map((count) => (count > 2 ? -1 : 0));
    const within = (pads: readonly number[]) => pads.map((count, i) => Math.max(count, room[i] as number));
    return caseOf('Pad', [dims], {}, { ints: [...within(before), ...within(after)] });
  });

const trilu: CaseArbitrary = fc
  .tuple(shape(2), fc.nat(1), fc.integer({ min: -2, max: 2 }))
  .map(([dims, upper, k]) => caseOf('Trilu', [dims], { upper }, { last: [{ ints: k }] }));

const cumSum: CaseArbitrary = fc
  .tuple(along(), fc.nat(1), fc.nat(1))
  .map(([{ dims, axis }, exclusive, reverse]) =>
    caseOf('CumSum', [dims], { exclusive, reverse }, { last: [{ ints: axis }] }),
  );

export const selection: Readonly<Record<string, CaseArbitrary>> = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  Pad: pad,
  Trilu: trilu,
  CumSum: cumSum,
};
