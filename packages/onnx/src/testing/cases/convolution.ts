import fc from 'fast-check';
import type { Attributes } from '../../graph/types.js';
import { type CaseArbitrary, caseOf } from '../arbitrary.js';
import { type Case, type Cases, of } from '../case.js';
import { type Axis, attributesOf, axes, axis, padded, padding, small, withPadding } from '../window-axes.js';

/** A convolution of x [batch, inputs, ...] with a frozen kernel [outputs, inputs / group, ...]. */
const conv = (x: number[], kernel: number[], attributes: Attributes = {}): Case =>
  of('Conv', [x, kernel], attributes, { frozen: [1] });

/** Channels of a convolution with groups: one channel each, as in MobileNet, or several. */
const channels = fc.record({ group: small(1, 3), inputs: small(1, 3), outputs: small(1, 3) });

const randomConv: CaseArbitrary = fc
  .record({ batch: small(1, 2), channels, axes: axes(), padding, bias: fc.boolean() })
  .map(({ batch, channels: { group, inputs, outputs }, axes, padding, bias }) => {
    const window = padded(axes, padding);
    const x = [batch, group * inputs, ...window.map(({ size }) => size)];
    const kernel = [group * outputs, inputs, ...window.map(({ kernel }) => kernel)];
    const shapes = bias ? [x, kernel, [group * outputs]] : [x, kernel];
    return caseOf('Conv', shapes, { ...withPadding(window, padding), group }, { frozen: [1] });
  });

/** Output positions of a transposed convolution along an axis. */
const spread = ({ kernel, stride, dilation, before, after, size }: Axis, extra: number): number =>
  stride * (size - 1) + extra + dilation * (kernel - 1) + 1 - before - after;

const convTranspose: CaseArbitrary = fc
  .record({
    batch: small(1, 2),
    channels,
    axes: axes(axis),
    extra: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
  })
  .map(({ batch, channels: { group, inputs, outputs }, axes, extra }) => {
    const output_padding = axes.map(({ stride }, i) => Math.min(extra[i] ?? 0, stride - 1));
    // Enough input for an output of at least one position.
    const window = axes.map((along, i) => {
      const missing = 1 - spread(along, output_padding[i] as number);
      return { ...along, size: along.size + Math.max(0, Math.ceil(missing / along.stride)) };
    });
    const x = [batch, group * inputs, ...window.map(({ size }) => size)];
    const kernel = [group * inputs, outputs, ...window.map(({ kernel }) => kernel)];
    const attributes = { ...attributesOf(window), output_padding, group };
    return caseOf('ConvTranspose', [x, kernel, [group * outputs]], attributes, { frozen: [1] });
  });

export const convolution: Cases = {
  fixed: [
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
  ],
  random: {
    Conv: randomConv,
    ConvTranspose: convTranspose,
  },
  needsOutputShape: true,
};
