import fc from 'fast-check';
import { type CaseArbitrary, caseOf, shape, size } from './arbitrary.js';

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

export const normalization: Readonly<Record<string, CaseArbitrary>> = {
  LayerNormalization: overLast('LayerNormalization', 17, true),
  RMSNormalization: overLast('RMSNormalization', 23, false),
  InstanceNormalization: instance,
  GroupNormalization: group,
};
