import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';
import { constantKernel, flatKernel, type Kernel, turnedKernel } from './kernel.js';
import { spreadOut } from './spread-out.js';
import { subPixel } from './sub-pixel.js';
import { flatWindow, reachOf, type Window } from './window-in.js';

/**
 * Gradient of a sliding sum with respect to what the window slides over, in the form that onnxruntime's CPU runs
 * fastest.
 *
 * A constant kernel with stride 1: a convolution with the kernel turned by 180 degrees, its input and output channels
 * exchanged. With a stride and a kernel for each channel: zeros between (spread-out.ts), as ConvTranspose has one
 * thread only where a group has one channel. With a stride in three axes: sub-pixel.ts. ConvTranspose takes the rest,
 * in 0.6 of a sub-pixel convolution's time, which multiplies by zeros and has to interleave. One axis is run as two,
 * the first of size 1, in half to three quarters of the time.
 *
 * @param kernel [outputs, inputs / groups, ...window]
 */
export function slideBack(graph: Graph, g: Value, kernel: Value, window: Window): Value {
  if (window.kernel.length === 1) {
    const axis = graph.ints([2]);
    const flat = graph.op('Unsqueeze', [g, axis]);
    return graph.op('Squeeze', [slideBack(graph, flat, flatKernel(graph, kernel), flatWindow(window)), axis]);
  }
  const constant = constantKernel(graph, kernel);
  return (constant && fast(graph, g, constant, window)) ?? transposed(graph, g, kernel, window);
}

function fast(graph: Graph, g: Value, kernel: Kernel, window: Window): Value | undefined {
  const turn = () => turnedKernel(graph, kernel, window.group);
  if (window.strides.every((stride) => stride === 1)) return turned(graph, g, turn, window);
  if (window.kernel.length === 3) return subPixel(graph, g, kernel, window);
  const [outputs, inputs] = kernel.dims;
  return outputs === window.group && inputs === 1 ? spreadOut(graph, g, turn, window) : undefined;
}

/** @returns undefined where the padding is wider than the kernel reaches */
function turned(graph: Graph, g: Value, weight: () => Value, window: Window): Value | undefined {
  const { strides, dilations, pads, group, kernel } = window;
  const around = pads.map((pad, i) => reachOf(window, i % kernel.length) - pad);
  if (around.some((pad) => pad < 0)) return undefined;
  return graph.op('Conv', [g, weight()], { group, dilations, strides, pads: around, kernel_shape: kernel });
}

function transposed(graph: Graph, g: Value, weight: Value, window: Window): Value {
  const { strides, dilations, pads, group, kernel, before, after } = window;
  const rank = kernel.length;
  // What the windows reach past the input, which is more than the padding with ceil_mode and may be less where a stride
  // is left over.
  const past = kernel.map((_, i) => {
    const [size, count, stride] = [before[i], after[i], strides[i] as number];
    if (size === undefined || count === undefined) return pads[i + rank] as number;
    return (count - 1) * stride + reachOf(window, i) + 1 - (pads[i] as number) - size;
  });
  return graph.op('ConvTranspose', [g, weight], {
    strides,
    dilations,
    pads: [...pads.slice(0, rank), ...past.map((count) => Math.max(count, 0))],
    output_padding: past.map((count) => Math.max(0 - count, 0)),
    group,
    kernel_shape: kernel,
  });
}
