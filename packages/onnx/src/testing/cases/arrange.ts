import fc from 'fast-check';
import type { Attributes } from '../../graph/types.js';
import { type CaseArbitrary, caseOf, shape as dimsOf, opset, repeatedTo, size } from '../arbitrary.js';
import { type Cases, of } from '../case.js';

const blocks = fc.record({ n: size, c: size, h: size, w: size, block: fc.integer({ min: 1, max: 3 }), opset });

const depthToSpace: CaseArbitrary = fc
  .tuple(blocks, fc.constantFrom('DCR', 'CRD', undefined))
  .map(([{ n, c, h, w, block, opset }, mode]) =>
    caseOf('DepthToSpace', [[n, c * block ** 2, h, w]], { blocksize: block, ...(mode && { mode }) }, { opset }),
  );

const spaceToDepth: CaseArbitrary = blocks.map(({ n, c, h, w, block, opset }) =>
  caseOf('SpaceToDepth', [[n, c, h * block, w * block]], { blocksize: block }, { opset }),
);

/** A target that names the sizes of what is repeated, or leaves them at 1. */
const expand: CaseArbitrary = dimsOf(1)
  .chain((full) =>
    fc.tuple(fc.constant(full), repeatedTo(full), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })),
  )
  .map(([full, from, left]) => {
    const ints = full.map((target, i) => (left[i] && from[i - full.length + from.length] === target ? 1 : target));
    return caseOf('Expand', [from], {}, { ints });
  });

const tile: CaseArbitrary = dimsOf(1, 3)
  .chain((dims) =>
    fc.tuple(
      fc.constant(dims),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: dims.length, maxLength: dims.length }),
    ),
  )
  .map(([dims, ints]) => caseOf('Tile', [dims], {}, { ints }));

/** Whole factors along the spatial axes, given as factors or as sizes. */
const resize: CaseArbitrary = fc
  .integer({ min: 1, max: 2 })
  .chain((rank) =>
    fc.record({
      dims: dimsOf(rank + 2, rank + 2),
      factors: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: rank, maxLength: rank }),
      bySize: fc.boolean(),
      floor: fc.boolean(),
      opset,
    }),
  )
  .map(({ dims, factors, bySize, floor, opset }) => {
    const scales = [1, 1, ...factors];
    const last = bySize
      ? [undefined, undefined, { ints: dims.map((dim, i) => dim * (scales[i] as number)) }]
      : [undefined, { floats: scales }];
    const attributes: Attributes = floor ? { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' } : {};
    return caseOf('Resize', [dims], attributes, { last, opset });
  });

export const arrange: Cases = {
  fixed: [
    of('Expand', '3x1', {}, { ints: [2, 3, 4] }),
    of('Expand', '2x1x3', {}, { ints: [1, 4, 1] }),
    of('Expand', '.', {}, { ints: [2, 3] }),
    of('Tile', '2x3', {}, { ints: [1, 4] }),
    of('Tile', '2x3x2', {}, { ints: [3, 1, 2] }),
    of('Tile', '2x3', {}, { ints: [1, 1] }),
    of('DepthToSpace', '2x8x3x2', { blocksize: 2 }),
    of('DepthToSpace', '2x8x3x2', { blocksize: 2, mode: 'CRD' }),
    of('SpaceToDepth', '2x3x4x6', { blocksize: 2 }),
    ...['half_pixel', 'align_corners', 'asymmetric', 'pytorch_half_pixel'].flatMap((coordinate_transformation_mode) =>
      ['linear', 'cubic'].map((mode) =>
        of(
          'Resize',
          '2x3x4x5',
          { mode, coordinate_transformation_mode },
          { last: [undefined, undefined, { ints: [2, 3, 7, 3] }] },
        ),
      ),
    ),
    of('Resize', '2x3x4x5', { mode: 'linear' }, { last: [undefined, { floats: [1, 1, 1.6, 0.7] }] }),
    of('Resize', '2x3x4x5', { nearest_mode: 'floor' }, { last: [undefined, { floats: [1, 1, 1.6, 0.7] }] }),
    of(
      'Resize',
      '2x3x4x6',
      { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' },
      { last: [undefined, undefined, { ints: [8, 9] }], opset: 18 },
    ),
    of(
      'Resize',
      '2x3x4x6',
      { axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller' },
      { last: [undefined, undefined, { ints: [8, 9] }], opset: 18 },
    ),
    of('Resize', '2x3x2x4', {}, { last: [undefined, undefined, { ints: [2, 3, 4, 12] }] }),
    of(
      'Resize',
      '2x3x4',
      { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
      { last: [undefined, { floats: [1, 1, 3] }] },
    ),
  ],
  random: {
    DepthToSpace: depthToSpace,
    SpaceToDepth: spaceToDepth,
    Expand: expand,
    Tile: tile,
    Resize: resize,
  },
  /** Resizing to a size needs one. */
  openSizes: ({ operator }) => operator !== 'Resize',
};
