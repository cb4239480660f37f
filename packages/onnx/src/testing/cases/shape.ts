import fc from 'fast-check';
import { axesOf, type CaseArbitrary, caseOf, shape as dimsOf, opset } from '../arbitrary.js';
import { type Cases, of } from '../case.js';

const flatten: CaseArbitrary = dimsOf(1)
  .chain((dims) => fc.tuple(fc.constant(dims), fc.integer({ min: -dims.length, max: dims.length })))
  .map(([dims, axis]) => caseOf('Flatten', [dims], { axis }));

/** Neighbouring axes merged; one size left to be found, and leading ones copied. */
const reshape: CaseArbitrary = dimsOf(1)
  .chain((dims) =>
    fc.record({
      dims: fc.constant(dims),
      merged: fc.array(fc.boolean(), { minLength: dims.length, maxLength: dims.length }),
      found: fc.nat(4),
      copied: fc.boolean(),
    }),
  )
  .map(({ dims, merged, found, copied }) => {
    const target: number[] = [];
    dims.forEach((dim, i) => {
      if (i > 0 && merged[i]) target.push((target.pop() ?? 1) * dim);
      else target.push(dim);
    });
    const ints = target.map((dim, i) => (i === found % target.length ? -1 : copied && i === 0 && !merged[1] ? 0 : dim));
    return caseOf('Reshape', [dims], {}, { ints });
  });

/** Axes of one element removed: those that are named, or all. */
const squeeze: CaseArbitrary = dimsOf(1)
  .chain((dims) => fc.tuple(fc.constant(dims), axesOf(dims.length)))
  .map(([dims, ints]) => {
    const single = dims.map((dim, i) => (ints.includes(i) || ints.includes(i - dims.length) ? 1 : dim));
    return caseOf('Squeeze', [single], {}, ints.length === 0 ? {} : { ints });
  });

const unsqueeze: CaseArbitrary = fc
  .tuple(dimsOf(0, 3), fc.integer({ min: 1, max: 2 }))
  .chain(([dims, more]) => {
    const rank = dims.length + more;
    return fc.tuple(fc.constant(dims), axesOf(rank, more), fc.constant(more));
  })
  .map(([dims, axes, more]) => caseOf('Unsqueeze', [dims], {}, { ints: axes.slice(0, more) }));

const transpose: CaseArbitrary = dimsOf(1)
  .chain((dims) => {
    const all = dims.map((_, i) => i);
    const perm = fc.shuffledSubarray(all, { minLength: all.length });
    return fc.tuple(fc.constant(dims), fc.option(perm, { nil: undefined }), opset);
  })
  .map(([dims, perm, opset]) => caseOf('Transpose', [dims], perm === undefined ? {} : { perm }, { opset }));

export const shape: Cases = {
  fixed: [
    of('Flatten', '2x3x4'),
    of('Flatten', '2x3x4', { axis: 2 }),
    of('Flatten', '2x3x4', { axis: -1 }),
    of('Reshape', '2x3x4', {}, { ints: [0, -1] }),
    of('Reshape', '2x6', {}, { ints: [-1, 3, 2] }),
    of('Squeeze', '2x1x3x1', {}, { ints: [1, 3] }),
    of('Squeeze', '2x1x3'),
    of('Unsqueeze', '2x3', {}, { ints: [0, -1] }),
    of('Transpose', '2x3x4'),
    of('Transpose', '2x3x4x5', { perm: [0, 2, 3, 1] }),
  ],
  random: {
    Flatten: flatten,
    Reshape: reshape,
    Squeeze: squeeze,
    Unsqueeze: unsqueeze,
    Transpose: transpose,
  },
  openSizes: () => true,
};
