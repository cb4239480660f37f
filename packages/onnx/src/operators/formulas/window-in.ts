import { OnnxError } from '../../errors.js';
import type { Dim, Operation } from '../../graph/types.js';
import { input } from '../operator.js';
import { positions, windowOf } from '../semantics/window.js';

/** A window that slides over the spatial axes. */
export interface Window {
  readonly group: number;
  /** Its size along each spatial axis. */
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All that stand before, then all that stand after. */
  readonly pads: readonly number[];
  /** Spatial sizes of what it slides over; undefined only where the stride is 1. */
  readonly before: readonly (number | undefined)[];
  /** Its number of positions along each axis. */
  readonly after: readonly (number | undefined)[];
}

/** The number of steps from a window's first element to its last along an axis. */
export const reachOf = ({ kernel, dilations }: Window, i: number): number =>
  (dilations[i] as number) * ((kernel[i] as number) - 1);

/**
 * The window of a convolution or pooling in numbers.
 *
 * @param kernel its spatial size
 * @param always whether the gradient needs the size of the input even where the stride is 1
 * @throws OnnxError ONNX_UNSUPPORTED: it follows from a size that the model leaves open
 */
export function windowIn(op: Operation, kernel: readonly number[] | undefined, always = false): Window {
  const before = input(op, 0).shape?.slice(2);
  const window = before === undefined || kernel === undefined ? undefined : windowOf(op.attributes, before, kernel);
  const padded = window?.pads.every((pad) => pad !== undefined);
  const sized = window?.strides.every((stride, i) => (stride === 1 && !always) || before?.[i] !== undefined);
  if (before === undefined || kernel === undefined || window === undefined || !padded || !sized) {
    const article = /^[AEIOU]/.test(op.type) ? 'an' : 'a';
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `the gradient of "${op.name}", ${article} ${op.type}, depends on the size of its input, which the model leaves open; export the model with a fixed image size.`,
    );
  }
  const { strides, dilations } = window;
  const group = (op.attributes.group ?? 1) as number;
  const pads = window.pads as readonly number[];
  const ceil = (op.attributes.ceil_mode ?? 0) === 1;
  const after = kernel.map((size, i): Dim => {
    const sliding = { kernel: size, stride: strides[i] as number, dilation: dilations[i] as number };
    return positions(before[i], { ...sliding, before: pads[i], after: pads[i + kernel.length] }, ceil);
  });
  return { group, kernel, strides, dilations, pads, before, after };
}

/** A window of one axis as one of two, the first of size 1. */
export function flatWindow({ group, kernel, strides, dilations, pads, before, after }: Window): Window {
  const [start = 0, end = 0] = pads;
  return {
    group,
    kernel: [1, ...kernel],
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    pads: [0, start, 0, end],
    before: [1, ...before],
    after: [1, ...after],
  };
}
