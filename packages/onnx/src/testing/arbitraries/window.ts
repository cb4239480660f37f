import fc from 'fast-check';
import type { Attributes } from '../../graph.js';
import { type CaseArbitrary, caseOf, size } from './arbitrary.js';

/** A window along one spatial axis. */
interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly size: number;
}

const small = (min: number, max: number) => fc.integer({ min, max });

/** An axis that holds at least one window. */
const axis: fc.Arbitrary<Axis> = fc
  .record({
    kernel: small(1, 4),
    stride: small(1, 3),
    dilation: small(1, 2),
    before: small(0, 2),
    after: small(0, 2),
    more: small(0, 4),
  })
  .map(({ more, ...window }) => ({ ...window, size: leastSize(window) + more }));

const leastSize = ({ kernel, dilation, before, after }: Omit<Axis, 'size' | 'stride'>): number =>
  Math.max(1, dilation * (kernel - 1) + 1 - before - after);

const axes = (each = axis): fc.Arbitrary<Axis[]> => fc.array(each, { minLength: 1, maxLength: 3 });

const attributesOf = (window: readonly Axis[]): Attributes => ({
  strides: window.map(({ stride }) => stride),
  dilations: window.map(({ dilation }) => dilation),
  pads: [...window.map(({ before }) => before), ...window.map(({ after }) => after)],
});

/** auto_pad in the place of pads; onnxruntime wants no dilation with it. */
const padding = fc.constantFrom('NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID');

function padded(window: readonly Axis[], auto_pad: string): readonly Axis[] {
  if (auto_pad === 'NOTSET') return window;
  const plain = window.map((along) => ({ ...along, dilation: 1, before: 0, after: 0 }));
  return plain.map((along) => ({ ...along, size: Math.max(along.size, along.kernel) }));
}

function withPadding(window: readonly Axis[], auto_pad: string): Attributes {
  const { pads, ...rest } = attributesOf(window) as { pads: number[] };
  return auto_pad === 'NOTSET' ? { pads, ...rest } : { auto_pad, ...rest };
}

/** Channels of a convolution with groups: one channel each, as in MobileNet, or several. */
const channels = fc.record({ group: small(1, 3), inputs: small(1, 3), outputs: small(1, 3) });

const conv: CaseArbitrary = fc
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

/** Pooling pads by less than the window. */
const poolAxis = axis.map((along) => {
  const window = {
    ...along,
    before: Math.min(along.before, along.kernel - 1),
    after: Math.min(along.after, along.kernel - 1),
  };
  return { ...window, size: Math.max(along.size, leastSize(window)) };
});

/** First element of every window, as many as ceil_mode gives. */
function starts({ kernel, stride, dilation, before, after, size }: Axis, ceil: boolean): number[] {
  const room = size + before + after - dilation * (kernel - 1) - 1;
  const count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  return Array.from({ length: count }, (_, i) => i * stride - before);
}

/**
 * Whether every window holds an element, and the last begins before the input ends: with ceil_mode onnxruntime drops a window that
 * does not, but below operator set 22 its shape inference counts it, and what it folds from the shape is wrong.
 */
const isSound = (along: Axis, ceil: boolean): boolean =>
  starts(along, ceil).every(
    (start) =>
      start < along.size &&
      Array.from({ length: along.kernel }, (_, k) => start + k * along.dilation).some(
        (at) => at >= 0 && at < along.size,
      ),
  );

const pool = fc
  .record({
    batch: small(1, 2),
    channels: size,
    axes: axes(poolAxis),
    padding,
    ceil: fc.boolean(),
    flag: fc.nat(1),
    modern: fc.boolean(),
  })
  .map(({ axes, padding, ceil, ...rest }) => ({
    ...rest,
    padding,
    window: padded(axes, padding),
    ceil: ceil && padding === 'NOTSET',
  }))
  .filter(({ window, ceil }) => window.every((along) => isSound(along, ceil)))
  // There onnxruntime pads by less than nothing.
  .filter(({ window, padding }) => padding === 'NOTSET' || window.every(({ kernel, stride }) => kernel >= stride))
  .map(({ batch, channels, window, padding, ceil, ...rest }) => {
    const kernel_shape = window.map(({ kernel }) => kernel);
    const attributes = { kernel_shape, ...withPadding(window, padding), ...(ceil ? { ceil_mode: 1 } : {}) };
    return { x: [batch, channels, ...window.map(({ size }) => size)], attributes, ceil, window, ...rest };
  });

const maxPool: CaseArbitrary = pool.map(({ x, attributes, flag, modern }) =>
  caseOf('MaxPool', [x], { ...attributes, storage_order: flag }, { domain: 'far apart', opset: modern ? 21 : 17 }),
);

/** Dilations came with operator set 19, and from there on onnxruntime counts the padding as PyTorch does, where ceil_mode is set. */
const averagePool: CaseArbitrary = pool.map(({ x, attributes, flag, modern, ceil, window }) => {
  const { dilations, ...rest } = attributes as Attributes;
  const dilated = window.some(({ dilation }) => dilation > 1);
  const recent = modern || dilated || (ceil && flag === 1);
  const all = { ...(dilated ? { ...rest, dilations } : rest), count_include_pad: flag } as Attributes;
  return caseOf('AveragePool', [x], all, { opset: recent ? 21 : 17 });
});

const globalMaxPool: CaseArbitrary = fc
  .array(size, { minLength: 3, maxLength: 5 })
  .map((dims) => caseOf('GlobalMaxPool', [dims], {}, { domain: 'far apart' }));

export const window: Readonly<Record<string, CaseArbitrary>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  GlobalMaxPool: globalMaxPool,
  AveragePool: averagePool,
};
