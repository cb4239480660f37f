import { test } from 'tap';
import { type Case, of } from '../testing/case.js';
import { CASES } from '../testing/cases.js';
import { isBatched, titleOf } from '../testing/check-gradient.js';
import { checkShape } from '../testing/check-shape.js';

const WINDOW = { kernel_shape: [3, 3] };

/** Forms of operators beside the cases for gradients. */
// biome-ignore format: one line each
const MORE: readonly Case[] = [
  ...['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].flatMap((auto_pad) => [
    of('Conv', '2x3x7x8 4x3x3x2', { auto_pad, strides: [2, 3] }),
    of('MaxPool', '2x3x7x8', { ...WINDOW, auto_pad, strides: [2, 3] }),
  ]),
  ...[[1, 1], [2, 2], [3, 2]].flatMap((strides) => [5, 6, 7].flatMap((size) => [0, 1].map((ceil_mode) =>
    of('AveragePool', [[2, 1, size, 6]], { ...WINDOW, strides, ceil_mode, pads: [1, 1, 1, 1] })))),
  of('MaxPool', '2x3x7x8', { ...WINDOW, dilations: [2, 1], ceil_mode: 1, strides: [2, 2] }, { outputs: 2 }),
  of('ConvTranspose', '2x3x4x5 3x2x3x3', { strides: [2, 3], pads: [1, 0, 1, 2], output_padding: [1, 1] }),
  of('ConvTranspose', '2x4x5 4x2x3', { group: 2, dilations: [2] }),
  of('ConvTranspose', '2x3x4x5 3x2x3x3', { strides: [2, 2], output_shape: [9, 11] }),
  of('GlobalMaxPool', '2x3x4x5'),
  of('Gemm', '3x2 4x3', { transA: 1, transB: 1 }),
  of('MatMul', '3 3'),
  of('MatMul', '2x3x4 4'),
  of('MatMul', '4 2x4x3'),
  of('MatMul', '2x1x3x4 5x4x6'),
  of('Flatten', '2x3x4', { axis: 0 }),
  of('Flatten', '2x3x4', { axis: 3 }),
  of('Flatten', '2x3x4', { axis: -2 }),
  of('Squeeze', '2x1x3', {}, { ints: [-2] }),
  of('Unsqueeze', '2x3', {}, { ints: [-1, 1] }),
  of('Reshape', '2x3x4', {}, { ints: [0, 0, 2, -1] }),
  of('Reshape', '2x3x4', {}, { ints: [6, -1] }),
  of('Reshape', '2x3x4', { allowzero: 1 }, { ints: [2, 12] }),
  of('Slice', '2x9', {}, { last: [{ ints: [-3] }, { ints: [2 ** 40] }, { ints: [1] }] }),
  of('Slice', '2x9', {}, { last: [{ ints: [8] }, { ints: [-(2 ** 40)] }, { ints: [-1] }, { ints: [-2] }] }),
  of('Slice', '2x9', {}, { last: [{ ints: [7, 0] }, { ints: [3, 1] }, { ints: [1, 0] }] }),
  of('Slice', '2x9', {}, { last: [{ ints: [-3] }, { ints: [2 ** 40] }, { ints: [0] }] }),
  of('Slice', '2x9', {}, { last: [{ ints: [-1] }, { ints: [2 ** 40] }, { ints: [0] }] }),
  of('Slice', '2x9', {}, { last: [{ ints: [1] }, { ints: [5] }, { ints: [1] }, { ints: [3] }] }),
  of('Pad', '2x3', {}, { ints: [0, 1, 0, -1] }),
  of('Pad', '2x3', {}, { last: [{ ints: [1, 2] }, undefined, { ints: [-1] }], opset: 18 }),
  of('Expand', '2x1x3', {}, { ints: [4, 1] }),
  of('Tile', '2x3', {}, { ints: [2, 3] }),
  of('Resize', '2x3x5', { nearest_mode: 'floor' }, { last: [undefined, { floats: [1, 1, 1.5] }] }),
  of('Resize', '2x3x5', { axes: [2] }, { last: [undefined, undefined, { ints: [7] }], opset: 18 }),
  of('Gather', '2x3x4', { axis: 1 }, { last: [{ ints: [0, 2, 1, 1], dims: [2, 2] }] }),
  of('Gather', '2x3x4', { axis: -1 }, { last: [{ ints: 1 }] }),
  of('GatherND', '2x3x4', {}, { last: [{ ints: [0, 1, 1, 2], dims: [2, 2] }] }),
  of('GatherND', '2x3x4', { batch_dims: 1 }, { last: [{ ints: [0, 1], dims: [2, 1] }] }),
  of('ArgMax', '2x3x4', { axis: 1, keepdims: 0 }),
  of('ArgMin', '2x3x4', { axis: -1 }),
  of('ReduceMean', '2x3x4', { axes: [-1], keepdims: 0 }),
  of('ReduceMean', '2x3x4', { noop_with_empty_axes: 1 }, { opset: 18 }),
  of('ReduceSum', '2x3x4', { keepdims: 0 }),
  of('ReduceSum', '2x3x4', { keepdims: 0 }, { ints: [0, -1] }),
  of('Split', '2x7', { axis: 1, num_outputs: 3 }, { outputs: 3, opset: 18 }),
  of('Split', '2x6', { axis: -1 }, { outputs: 3 }),
  of('Split', '2x7', { axis: 1 }, { ints: [3, 4], outputs: 2 }),
  of('LayerNormalization', '2x3x4 3x4', { axis: 1 }, { outputs: 3 }),
  of('Shape', '2x3x4'),
  of('Shape', '2x3x4', { start: 1, end: -1 }),
  of('Size', '2x3x4'),
  of('Where', '2x1x3 4x1', {}, { first: [{ bools: [true, false, true], dims: [3] }] }),
  of('Einsum', '2x3x4 2x4x5', { equation: 'bij, bjk -> bik' }),
  of('Einsum', '2x3x4 5x4', { equation: 'bij,kj->bik' }),
  of('Concat', '2x3 2x4 2x1', { axis: -1 }),
  of('CumSum', '2x3', {}, { last: [{ ints: 1 }] }),
  of('LSTM', '2x3x4 1x20x4 1x20x5', { hidden_size: 5 }, { outputs: 3 }),
  of('GRU', '2x3x4 2x15x4 2x15x5', { hidden_size: 5, direction: 'bidirectional' }, { outputs: 2 }),
  of('RNN', '2x3x4 1x5x4 1x5x5', { hidden_size: 5 }, { outputs: 2 }),
];

for (const entry of [...CASES, ...MORE]) {
  test(`the shape of ${titleOf(entry)}`, async (t) => {
    const { inferred, real } = await checkShape(entry, false);
    t.same(inferred, real);
    if (!isBatched(entry)) return;
    const open = await checkShape(entry, true);
    t.ok(open.right, `with the batch open: ${open.inferred}, really ${open.real}`);
  });
}
