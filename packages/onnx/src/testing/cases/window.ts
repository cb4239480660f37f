import type { Attributes } from '../../graph.js';
import { type Case, of } from './case.js';

/** A convolution of x [batch, inputs, ...] with a frozen kernel [outputs, inputs / group, ...]. */
const conv = (x: number[], kernel: number[], attributes: Attributes = {}): Case =>
  of('Conv', [x, kernel], attributes, { frozen: [1] });

export const WINDOW: readonly Case[] = [
  // Stride 1: a convolution with the kernel turned.
  conv([2, 3, 5, 6], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }),
  conv([2, 3, 5, 6], [4, 3, 1, 1]),
  conv([2, 3, 7, 6], [4, 3, 2, 3]),
  conv([2, 3, 7, 6], [4, 3, 3, 2], { pads: [0, 1, 2, 0] }),
  conv([2, 3, 9, 8], [4, 3, 3, 3], { dilations: [2, 3], pads: [2, 1, 0, 3] }),
  conv([2, 4, 5, 6], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }),
  conv([2, 4, 5, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }),
  conv([2, 3, 5, 5], [4, 3, 1, 1], { pads: [1, 0, 0, 1] }), // padded more than the kernel reaches: ConvTranspose
  // A stride that divides the size: sub-pixel convolution.
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
  // The rest: ConvTranspose.
  conv([2, 3, 7, 5], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  conv([2, 3, 7, 8], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 0, 1, 1] }),
  conv([2, 3, 10, 11], [4, 3, 3, 2], { strides: [3, 3], pads: [0, 1, 1, 0] }),
  conv([2, 3, 8, 9], [4, 3, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1] }),
  conv([2, 4, 8, 6], [6, 2, 3, 3], { strides: [2, 2], group: 2, pads: [1, 1, 1, 1] }),
  conv([2, 3, 8, 8], [4, 3, 3, 3], { strides: [2, 2], dilations: [2, 2], pads: [2, 2, 2, 2] }),
  conv([2, 3, 9], [4, 3, 3], { strides: [2], pads: [1, 1] }),
  conv([2, 3, 8], [4, 3, 3], { pads: [1, 1] }),
  conv([2, 2, 4, 5, 4], [3, 2, 3, 3, 3], { strides: [2, 1, 2], pads: [1, 1, 1, 1, 1, 1] }),
  of('Conv', [[2, 3, 6, 6], [4, 3, 3, 3], [4]], { pads: [1, 1, 1, 1] }, { frozen: [1, 2] }),
  conv([2, 3, 6, 5], [4, 3, 3, 3], { auto_pad: 'VALID', strides: [2, 2] }),
  conv([2, 3, 6, 5], [4, 3, 3, 2], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  conv([2, 3, 7, 6], [4, 3, 3, 2], { auto_pad: 'SAME_LOWER', strides: [2, 3], dilations: [1, 1] }),
];
