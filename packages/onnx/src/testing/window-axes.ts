import fc from 'fast-check';
import type { Attributes } from '../graph/types.js';

/** A window along one spatial axis. */
export interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly size: number;
}

export const small = (min: number, max: number) => fc.integer({ min, max });

/** An axis that holds at least one window. */
export const axis: fc.Arbitrary<Axis> = fc
  .record({
    kernel: small(1, 4),
    stride: small(1, 3),
    dilation: small(1, 2),
    before: small(0, 2),
    after: small(0, 2),
    more: small(0, 4),
  })
  .map(({ more, ...window }) => ({ ...window, size: leastSize(window) + more }));

export const leastSize = ({ kernel, dilation, before, after }: Omit<Axis, 'size' | 'stride'>): number =>
  Math.max(1, dilation * (kernel - 1) + 1 - before - after);

export const axes = (each = axis): fc.Arbitrary<Axis[]> => fc.array(each, { minLength: 1, maxLength: 3 });

export const attributesOf = (window: readonly Axis[]): Attributes => ({
  strides: window.map(({ stride }) => stride),
  dilations: window.map(({ dilation }) => dilation),
  pads: [...window.map(({ before }) => before), ...window.map(({ after }) => after)],
});

/** auto_pad in the place of pads; onnxruntime wants no dilation with it. */
export const padding = fc.constantFrom('NOTSET', 'NOTSET', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID');

export function padded(window: readonly Axis[], auto_pad: string): readonly Axis[] {
  if (auto_pad === 'NOTSET') return window;
  const plain = window.map((along) => ({ ...along, dilation: 1, before: 0, after: 0 }));
  return plain.map((along) => ({ ...along, size: Math.max(along.size, along.kernel) }));
}

export function withPadding(window: readonly Axis[], auto_pad: string): Attributes {
  const { pads, ...rest } = attributesOf(window) as { pads: number[] };
  return auto_pad === 'NOTSET' ? { pads, ...rest } : { auto_pad, ...rest };
}
