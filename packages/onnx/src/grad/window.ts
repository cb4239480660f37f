import { OnnxError } from '../errors.js';
import type { Operation } from '../graph.js';
import { windowOf } from '../shapes/window-of.js';
import { input } from './rule.js';

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
  const sliding = { group, kernel, strides, dilations, pads: window.pads as readonly number[], before };
  return { ...sliding, after: positions(sliding, (op.attributes.ceil_mode ?? 0) === 1) };
}

/** With ceil_mode the last window may reach past the padding, if it begins before it: as PyTorch and onnxruntime have it. */
function positions(window: Omit<Window, 'after'>, ceil: boolean): (number | undefined)[] {
  const { strides, pads, before } = window;
  return before.map((size, i) => {
    if (size === undefined) return undefined;
    const [stride, start] = [strides[i] as number, pads[i] as number];
    const room = size + start + (pads[i + before.length] as number) - reachOf({ ...window, after: [] }, i) - 1;
    if (!ceil) return Math.floor(room / stride) + 1;
    const count = Math.ceil(room / stride) + 1;
    return (count - 1) * stride >= size + start ? count - 1 : count;
  });
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
