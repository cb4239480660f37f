import fc from 'fast-check';
import { axisOf, type CaseArbitrary, caseOf, shape, size } from '../arbitrary.js';
import { type Cases, type Constant, of } from '../case.js';

const ints = (...values: number[]): Constant => ({ ints: values });

/** A shape and one of its axes, counted from either end. */
const along = (minLength = 1) =>
  shape(minLength).chain((dims) => fc.record({ dims: fc.constant(dims), axis: axisOf(dims.length) }));

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

export const selection: Cases = {
  fixed: [
    of('Concat', '2x3 2x3', { axis: 1 }),
    of('Concat', '2x3x4 2x1x4 2x5x4', { axis: -2 }),
    of('Concat', '2x3 4x3', { axis: 0 }),
    of('Concat', '2x3', { axis: 1 }),
    of('Concat', '2x3 2x3', { axis: 1 }, { frozen: [0] }),
    of('Split', '2x6', { axis: 1 }, { outputs: 3 }),
    of('Split', '2x6', { axis: 1 }, { outputs: 3, reads: [1] }),
    of('Split', '2x6', { axis: -1 }, { outputs: 2, ints: [5, 1] }),
    of('Split', '2x6', { axis: -1 }, { outputs: 2, ints: [5, 1], reads: [1] }),
    of('Split', '4x3', {}, { outputs: 2 }),
    of('Split', '2x7', { axis: 1, num_outputs: 3 }, { outputs: 3, opset: 18 }),
    of('Pad', '2x3', {}, { ints: [0, 1, 0, 2] }),
    of('Pad', '2x5', {}, { ints: [1, -1, 0, 2] }),
    of('Pad', '2x3x5', { mode: 'reflect' }, { ints: [0, 2, 1, 0, 0, 3] }),
    of('Pad', '2x3x5', { mode: 'edge' }, { ints: [0, 2, 1, 0, 0, 3] }),
    of('Pad', '2x3x5', { mode: 'wrap' }, { ints: [0, 2, 1, 0, 0, 3], opset: 19 }),
    of('Pad', '2x5', {}, { last: [ints(-1, 2), { float: 1.5 }, ints(1)], opset: 18 }),
    of('Trilu', '2x3x3'),
    of('Trilu', '2x3x3', { upper: 0 }, { last: [{ ints: 1 }] }),
    of('CumSum', '2x5', {}, { last: [{ ints: 1 }] }),
    of('CumSum', '2x5', { exclusive: 1, reverse: 1 }, { last: [{ ints: -1 }] }),
  ],
  random: {
    Concat: concat,
    Split: split,
    Pad: pad,
    Trilu: trilu,
    CumSum: cumSum,
  },
  /** What a padding repeats has a place that follows from the size. */
  openSizes: ({ attributes }) => attributes.mode === undefined,
  without: {
    SplitToSequence: { all: 'its value is a sequence, in one form in use: sequence.test.ts' },
    SequenceAt: { all: 'it reads a sequence, in one form in use: sequence.test.ts' },
  },
};
