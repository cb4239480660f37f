import fc from 'fast-check';
import type { Attributes } from '../../graph/types.js';
import { type CaseArbitrary, caseOf, size } from '../arbitrary.js';
import { type Case, type Cases, of } from '../case.js';
import { type Axis, axes, axis, leastSize, padded, padding, small, withPadding } from '../window-axes.js';

/** An average takes values of any kind; maxima have to stay maxima while the inputs are moved. */
const pooled = (operator: string, x: number[], attributes: Attributes = {}, more: Partial<Case> = {}): Case =>
  of(operator, [x], attributes, { domain: operator === 'AveragePool' ? 'all' : 'far apart', ...more });

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
 * Whether every window holds an element, and the last begins before the input ends: with ceil_mode onnxruntime drops a
 * window that does not, but below operator set 22 its shape inference counts it, and what it folds from the shape is
 * wrong.
 */
const isSound = (along: Axis, ceil: boolean): boolean =>
  starts(along, ceil).every(
    (start) =>
      start < along.size &&
      Array.from({ length: along.kernel }, (_, k) => start + k * along.dilation).some(
        (at) => at >= 0 && at < along.size,
      ),
  );

const randomPool = fc
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

const maxPool: CaseArbitrary = randomPool.map(({ x, attributes, flag, modern }) =>
  caseOf('MaxPool', [x], { ...attributes, storage_order: flag }, { domain: 'far apart', opset: modern ? 21 : 17 }),
);

/**
 * Dilations came with operator set 19, and from there on onnxruntime counts the padding as PyTorch does, where
 * ceil_mode is set.
 */
const averagePool: CaseArbitrary = randomPool.map(({ x, attributes, flag, modern, ceil, window }) => {
  const { dilations, ...rest } = attributes as Attributes;
  const dilated = window.some(({ dilation }) => dilation > 1);
  const recent = modern || dilated || (ceil && flag === 1);
  const all = { ...(dilated ? { ...rest, dilations } : rest), count_include_pad: flag } as Attributes;
  return caseOf('AveragePool', [x], all, { opset: recent ? 21 : 17 });
});

const globalMaxPool: CaseArbitrary = fc
  .array(size, { minLength: 3, maxLength: 5 })
  .map((dims) => caseOf('GlobalMaxPool', [dims], {}, { domain: 'far apart' }));

export const pool: Cases = {
  fixed: [
    pooled('MaxPool', [2, 3, 8, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    pooled('MaxPool', [2, 3, 8, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
    pooled('MaxPool', [2, 3, 8, 10], { kernel_shape: [3, 2], strides: [2, 3], ceil_mode: 1, pads: [1, 0, 0, 1] }),
    pooled('MaxPool', [2, 3, 9, 8], { kernel_shape: [3, 2], dilations: [2, 3] }),
    pooled('MaxPool', [2, 3, 9], { kernel_shape: [3], strides: [2], auto_pad: 'SAME_UPPER' }),
    pooled('MaxPool', [2, 2, 4, 5, 4], { kernel_shape: [2, 3, 2], storage_order: 1 }),
    pooled('GlobalMaxPool', [2, 3, 4, 5]),
    pooled('GlobalMaxPool', [2, 3, 7]),
    pooled('AveragePool', [2, 3, 8, 6], { kernel_shape: [2, 2], strides: [2, 2] }),
    pooled('AveragePool', [2, 3, 8, 6], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }),
    pooled('AveragePool', [2, 3, 8, 6], { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }),
    pooled('AveragePool', [2, 3, 7, 6], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    pooled('AveragePool', [2, 3, 6, 7], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }),
    // Below operator set 19, onnxruntime divides by the whole window here, also where it reaches past the padding.
    pooled(
      'AveragePool',
      [2, 3, 6, 7],
      { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 },
      { opset: 19 },
    ),
    pooled('AveragePool', [2, 3, 9], { kernel_shape: [3], strides: [2], auto_pad: 'SAME_LOWER' }),
    pooled('AveragePool', [2, 3, 9, 8], { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 1, 0, 1] }, { opset: 19 }),
    pooled('AveragePool', [2, 2, 4, 5, 4], { kernel_shape: [2, 3, 2], strides: [2, 2, 1] }),
  ],
  random: {
    MaxPool: maxPool,
    GlobalMaxPool: globalMaxPool,
    AveragePool: averagePool,
  },
  needsOutputShape: true,
};
