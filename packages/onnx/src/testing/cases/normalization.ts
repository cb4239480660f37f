import fc from 'fast-check';
import { type CaseArbitrary, caseOf, shape, size } from '../arbitrary.js';
import { type Cases, of } from '../case.js';

/** Large enough that a step of the difference quotient is small beside it. */
const epsilon = fc.constantFrom(0.2, 0.5);

/** Over the last axes, from one that is counted from either end. */
const overLast = (operator: string, opset: number, shift: boolean): CaseArbitrary =>
  fc
    .record({ dims: shape(2), last: size, fromBack: fc.boolean(), epsilon, shifted: fc.boolean() })
    .map(({ dims, last, fromBack, epsilon, shifted }) => {
      const kept = Math.min(last, dims.length - 1);
      const scale = dims.slice(dims.length - kept);
      const axis = fromBack ? 0 - kept : dims.length - kept;
      const shapes = shift && shifted ? [dims, scale, scale] : [dims, scale];
      return caseOf(operator, shapes, { axis, epsilon }, { opset });
    });

const instance: CaseArbitrary = fc
  .tuple(shape(3), epsilon)
  .map(([dims, epsilon]) => caseOf('InstanceNormalization', [dims, [dims[1] ?? 1], [dims[1] ?? 1]], { epsilon }));

/** Below operator set 21, scale and shift are of groups. */
const group: CaseArbitrary = fc
  .record({ batch: size, groups: size, each: size, rest: shape(1, 2), epsilon, opset: fc.constantFrom(18, 21) })
  .map(({ batch, groups, each, rest, epsilon, opset }) => {
    const count = opset < 21 ? groups : groups * each;
    const shapes = [[batch, groups * each, ...rest], [count], [count]];
    return caseOf('GroupNormalization', shapes, { num_groups: groups, epsilon }, { opset });
  });

/** onnxruntime wants four axes and a window with a middle. */
const response: CaseArbitrary = fc
  .record({ dims: shape(4, 4), size: fc.constantFrom(1, 3, 5), beta: fc.constantFrom(0.75, 1.5), alpha: epsilon })
  .map(({ dims, ...attributes }) => caseOf('LRN', [dims], { ...attributes, bias: 1.5 }));

export const normalization: Cases = {
  fixed: [
    of('LayerNormalization', '2x3x8 8 8', { epsilon: 1e-5 }),
    of('LayerNormalization', '2x3x8 8', { axis: 2, epsilon: 0.3 }),
    of('LayerNormalization', '2x3x4 3x4 3x4', { axis: 1 }),
    of('LayerNormalization', '2x3x4 4 4', { axis: -1 }, { frozen: [1, 2] }),
    of('InstanceNormalization', '2x3x5 3 3', { epsilon: 0.2 }),
    of('InstanceNormalization', '2x3x4x5 3 3'),
    of('GroupNormalization', '2x4x3x3 2 2', { num_groups: 2 }, { opset: 18 }),
    of('GroupNormalization', '2x4x5 1 1', { num_groups: 1, epsilon: 0.2 }, { opset: 18 }),
    of('GroupNormalization', '2x4x3x3 4 4', { num_groups: 2 }, { opset: 21 }),
    of('GroupNormalization', '2x6x5 6 6', { num_groups: 3, epsilon: 0.2 }, { opset: 21 }),
    of('RMSNormalization', '2x3x8 8', { epsilon: 0.2 }, { opset: 23 }),
    of('RMSNormalization', '2x3x4 3x4', { axis: 1 }, { opset: 23 }),
    of('LpNormalization', '2x3x5', {}, { opset: 22 }),
    of('LpNormalization', '2x3x5', { p: 1, axis: 1 }, { domain: 'not near 0', opset: 22 }),
    of('LRN', '2x5x3x4', { size: 3, alpha: 0.9, beta: 0.6, bias: 1.5 }),
    of('LRN', '2x3x2x2', { size: 5, alpha: 0.5 }),
    of('LRN', '2x6x3x1', { size: 1, alpha: 0.5 }),
  ],
  random: {
    LayerNormalization: overLast('LayerNormalization', 17, true),
    RMSNormalization: overLast('RMSNormalization', 23, false),
    InstanceNormalization: instance,
    GroupNormalization: group,
    LRN: response,
  },
  openSizes: () => true,
  without: {
    LpNormalization: { random: 'a vector near 0 has no direction' },
    BatchNormalization: { all: 'its gradient is not the derivative of its value: normalization.test.ts' },
  },
};
