import type { Attributes } from '../../graph.js';
import { type Case, of } from './case.js';

/** A convolution of x [batch, inputs, ...] with a frozen kernel [outputs, inputs / group, ...]. */
const conv = (x: number[], kernel: number[], attributes: Attributes = {}): Case =>
  of('Conv', [x, kernel], attributes, { frozen: [1] });

/** An average takes values of any kind; maxima have to stay maxima while the inputs are moved. */
const pool = (operator: string, x: number[], attributes: Attributes = {}, more: Partial<Case> = {}): Case =>
  of(operator, [x], attributes, { domain: operator === 'AveragePool' ? 'all' : 'far apart', ...more });

export const WINDOW: readonly Case[] = [
  // Stride 1: a convolution with the kernel turned.
  conv([2, 3, 5, 6], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }),
  conv([2, 3, 5, 6], [4, 3, 1, 1]),
  conv([2, 3, 7, 6], [4, 3, 2, 3]),
  conv([2, 3, 7, 6], [4, 3, 3, 2], { pads: [0, 1, 2, 0] }),
  conv([2, 3, 9, 8], [4, 3, 3, 3], { dilations: [2, 3], pads: [2, 1, 0, 3] }),
  conv([2, 4, 5, 6], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv([2, 4, 5, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }),
  conv([2, 3, 5, 5], [4, 3, 1, 1], { pads: [1, 0, 0, 1] }), // padded more than the kernel reaches
  // With a stride: ConvTranspose.
  conv([2, 3, 8, 6], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([2, 3, 8, 6], [4, 3, 1, 1], { strides: [2, 2] }),
  conv([2, 3, 8, 6], [4, 3, 2, 2], { strides: [2, 2] }),
  conv([2, 3, 8, 6], [4, 3, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([2, 3, 8, 6], [4, 3, 5, 3], { strides: [2, 2], pads: [2, 1, 2, 1] }),
  conv([2, 3, 8, 6], [4, 3, 3, 3], { strides: [2, 2], pads: [0, 1, 1, 0] }),
  conv([2, 3, 8, 8], [4, 3, 7, 7], { strides: [2, 2], pads: [3, 3, 3, 3] }),
  conv([2, 3, 9, 6], [4, 3, 3, 3], { strides: [3, 3], pads: [1, 1, 1, 1] }),
  conv([2, 3, 9, 6], [4, 3, 5, 4], { strides: [3, 3], pads: [2, 0, 1, 2] }),
  conv([2, 3, 8, 6], [4, 3, 3, 3], { strides: [2, 2] }),
  conv([2, 3, 7, 5], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([2, 3, 7, 8], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 0, 1, 1] }),
  conv([2, 3, 10, 11], [4, 3, 3, 2], { strides: [3, 3], pads: [0, 1, 1, 0] }),
  conv([2, 3, 8, 9], [4, 3, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1] }),
  conv([2, 4, 8, 6], [6, 2, 3, 3], { strides: [2, 2], group: 2, pads: [1, 1, 1, 1] }),
  conv([2, 3, 8, 8], [4, 3, 3, 3], { strides: [2, 2], dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv([2, 3, 9], [4, 3, 3], { strides: [2], pads: [1, 1] }),
  conv([2, 3, 8], [4, 3, 3], { pads: [1, 1] }),
  // In three axes: sub-pixel convolution.
  conv([2, 2, 4, 5, 4], [3, 2, 3, 3, 3], { pads: [1, 0, 1, 1, 1, 0] }),
  conv([1, 4, 4, 4, 6], [4, 2, 3, 2, 3], { strides: [2, 2, 3], group: 2, pads: [1, 0, 1, 1, 0, 1] }),
  conv([2, 2, 4, 5, 4], [3, 2, 3, 3, 3], { strides: [2, 1, 2], pads: [1, 1, 1, 1, 1, 1] }),
  of('Conv', [[2, 3, 6, 6], [4, 3, 3, 3], [4]], { pads: [1, 1, 1, 1] }, { frozen: [1, 2] }),
  conv([2, 3, 6, 5], [4, 3, 3, 3], { auto_pad: 'VALID', strides: [2, 2] }),
  conv([2, 3, 6, 5], [4, 3, 3, 2], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  conv([2, 3, 7, 6], [4, 3, 3, 2], { auto_pad: 'SAME_LOWER', strides: [2, 3], dilations: [1, 1] }),

  of('Conv', [[2, 3, 6], [4, 3, 3], [4]], {}, { frozen: [1] }),
  of('ConvTranspose', [[2, 3, 5, 4], [3, 4, 3, 3], [4]], { strides: [2, 2], pads: [1, 0, 1, 1] }, { frozen: [1] }),
  of(
    'ConvTranspose',
    [
      [2, 4, 5],
      [4, 3, 3],
    ],
    { strides: [3], dilations: [2], group: 2, output_padding: [2] },
    { frozen: [1] },
  ),
  // One channel to one, with a stride: zeros between.
  conv([2, 4, 8, 6], [4, 1, 3, 3], { strides: [2, 2], group: 4, pads: [1, 1, 1, 1] }),
  conv([2, 4, 7, 9], [4, 1, 3, 3], { strides: [2, 2], group: 4, pads: [1, 1, 1, 1] }),
  conv([2, 4, 8, 7], [4, 1, 5, 5], { strides: [2, 2], group: 4, pads: [2, 2, 2, 2] }),
  conv([2, 4, 8, 9], [4, 1, 3, 3], { strides: [2, 3], dilations: [1, 2], group: 4, pads: [1, 2, 1, 2] }),
  conv([2, 4, 8], [4, 1, 3], { strides: [2], group: 4, pads: [1, 1] }),
  conv([2, 4, 8, 6], [8, 1, 3, 3], { strides: [2, 2], group: 4, pads: [1, 1, 1, 1] }),

  pool('MaxPool', [2, 3, 8, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool('MaxPool', [2, 3, 8, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
  pool('MaxPool', [2, 3, 8, 10], { kernel_shape: [3, 2], strides: [2, 3], ceil_mode: 1, pads: [1, 0, 0, 1] }),
  pool('MaxPool', [2, 3, 9, 8], { kernel_shape: [3, 2], dilations: [2, 3] }),
  pool('MaxPool', [2, 3, 9], { kernel_shape: [3], strides: [2], auto_pad: 'SAME_UPPER' }),
  pool('MaxPool', [2, 2, 4, 5, 4], { kernel_shape: [2, 3, 2], storage_order: 1 }),
  pool('GlobalMaxPool', [2, 3, 4, 5]),
  pool('GlobalMaxPool', [2, 3, 7]),
  pool('AveragePool', [2, 3, 8, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
  pool('AveragePool', [2, 3, 8, 6], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
  pool('AveragePool', [2, 3, 8, 6], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }),
  pool('AveragePool', [2, 3, 7, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  pool('AveragePool', [2, 3, 6, 7], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }),
  // Below operator set 19, onnxruntime divides by the whole window here, also where it reaches past the padding.
  pool(
    'AveragePool',
    [2, 3, 6, 7],
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 },
    { opset: 19 },
  ),
  pool('AveragePool', [2, 3, 9], { kernel_shape: [3], strides: [2], auto_pad: 'SAME_LOWER' }),
  pool('AveragePool', [2, 3, 9, 8], { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 1, 0, 1] }, { opset: 19 }),
  pool('AveragePool', [2, 2, 4, 5, 4], { kernel_shape: [2, 3, 2], strides: [2, 2, 1] }),
];
