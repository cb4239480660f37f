import fc from 'fast-check';
import type { Constant } from '../cases.js';
import { axisOf, type CaseArbitrary, caseOf, shape, size } from './arbitrary.js';

const ints = (values: readonly number[]): Constant => ({ ints: values });

/** A shape and one of its axes. */
const withAxis = shape(1).chain((dims) => fc.tuple(fc.constant(dims), axisOf(dims.length)));

/** Bounds beyond the ends too, and counted from either end. */
const bound = (length: number): fc.Arbitrary<number> => fc.integer({ min: -length - 2, max: length + 2 });

const step = fc.constantFrom(1, 1, 2, 3, -1, -2);

/** How many elements a slice takes. */
function taken(length: number, start: number, end: number, by: number): number {
  const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const [from, to] =
    by > 0
      ? [clamp(start, 0, length), clamp(end, 0, length)]
      : [clamp(start, 0, length - 1), clamp(end, -1, length - 1)];
  return Math.ceil((to - from) / by);
}

const slice: CaseArbitrary = withAxis.chain(([dims, axis]) => {
  const length = dims.at(axis) as number;
  return fc
    .tuple(bound(length), bound(length), step)
    .filter(([start, end, by]) => taken(length, start, end, by) > 0)
    .map(([start, end, by]) =>
      caseOf('Slice', [dims], {}, { last: [ints([start]), ints([end]), ints([axis]), ints([by])] }),
    );
});

const gather: CaseArbitrary = withAxis.chain(([dims, axis]) => {
  const length = dims.at(axis) as number;
  const index = fc.integer({ min: -length, max: length - 1 });
  const indices = fc.oneof(index, fc.array(index, { minLength: 1, maxLength: 4 }));
  return indices.map((given) => caseOf('Gather', [dims], { axis }, { last: [{ ints: given }] }));
});

const concat: CaseArbitrary = fc
  .tuple(withAxis, fc.array(size, { minLength: 1, maxLength: 4 }))
  .map(([[dims, axis], lengths]) =>
    caseOf(
      'Concat',
      lengths.map((length) => dims.with(axis, length)),
      { axis },
    ),
  );

const split: CaseArbitrary = fc
  .tuple(withAxis, fc.array(size, { minLength: 2, maxLength: 4 }), fc.nat(1))
  .map(([[dims, axis], lengths, first]) => {
    const whole = dims.with(
      axis,
      lengths.reduce((sum, length) => sum + length, 0),
    );
    const reads = lengths.map((_, i) => i).slice(first);
    return caseOf('Split', [whole], { axis }, { ints: lengths, outputs: lengths.length, reads });
  });

const pad: CaseArbitrary = shape(1).chain((dims) =>
  fc
    .array(fc.integer({ min: 0, max: 3 }), { minLength: 2 * dims.length, maxLength: 2 * dims.length })
    .map((pads) => caseOf('Pad', [dims], {}, { ints: pads })),
);

const tile: CaseArbitrary = shape(1).chain((dims) =>
  fc
    .array(fc.integer({ min: 1, max: 3 }), { minLength: dims.length, maxLength: dims.length })
    .map((repeats) => caseOf('Tile', [dims], {}, { ints: repeats })),
);

export const selection: Readonly<Record<string, CaseArbitrary>> = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  Pad: pad,
  Tile: tile,
};
