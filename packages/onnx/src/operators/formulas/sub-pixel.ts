import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';
import { type Kernel, type Phases, phaseKernel } from './kernel.js';
import type { Window } from './window-in.js';

/**
 * Position s i + a of the input, for phase a < s, is reached by kernel tap k from output i + e where s e = a + pad - k.
 * So each phase is a small convolution over the output; their taps stand side by side in one kernel, and what they give
 * is interleaved. Where the stride does not divide the size, the last positions of some phases are cut off again.
 *
 * @returns undefined where the window is dilated, or leaves out so much of the input that a phase would have to be cut
 *   before
 */
export function subPixel(graph: Graph, g: Value, kernel: Kernel, window: Window): Value | undefined {
  const { strides, dilations, group } = window;
  const before = window.before as readonly number[];
  const after = window.after as readonly number[];
  if ([...before, ...after].some((size) => size === undefined) || dilations.some((d) => d !== 1)) return undefined;
  const axes = strides.map((stride, i) =>
    phasesOf(window.kernel[i] as number, stride as number, window.pads[i] as number),
  );
  const places = before.map((size, i) => Math.ceil(size / (strides[i] as number)));
  const begin = axes.map(({ first }) => 0 - first);
  const end = axes.map(({ first, length }, i) => (places[i] as number) - (after[i] as number) + length - 1 + first);
  if ([...begin, ...end].some((pad) => pad < 0)) return undefined;
  const weight = phaseKernel(graph, kernel, group, axes);
  const lengths = axes.map(({ length }) => length);
  const phases = graph.op('Conv', [g, weight], { group, pads: [...begin, ...end], kernel_shape: lengths });
  const channels = (kernel.dims[1] as number) * group;
  return cropped(graph, interleaved(graph, phases, channels, strides, places), before);
}

/** Channels that hold phases, spread over the axes. */
function interleaved(
  graph: Graph,
  phases: Value,
  channels: number,
  strides: readonly number[],
  places: readonly number[],
): Value {
  const rank = strides.length;
  const split = graph.reshape(phases, [0, channels, ...strides, ...places]);
  const perm = [0, 1, ...strides.flatMap((_, i) => [2 + rank + i, 2 + i])];
  const sizes = places.map((count, i) => count * (strides[i] as number));
  return graph.reshape(graph.transpose(split, perm), [0, channels, ...sizes]);
}

/** The first elements of every spatial axis. */
function cropped(graph: Graph, value: Value, sizes: readonly number[]): Value {
  const { shape } = value;
  if (sizes.every((size, i) => shape?.[i + 2] === size)) return value;
  const axes = sizes.map((_, i) => i + 2);
  return graph.op('Slice', [value, graph.ints(sizes.map(() => 0)), graph.ints(sizes), graph.ints(axes)]);
}

function phasesOf(size: number, stride: number, pad: number): Phases & { readonly first: number } {
  const taps = Array.from({ length: size }, (_, k) => {
    const phase = (((k - pad) % stride) + stride) % stride;
    return { phase, offset: (phase + pad - k) / stride };
  });
  const all = taps.map(({ offset }) => offset);
  const first = Math.min(...all);
  const length = Math.max(...all) - first + 1;
  return { stride, taps: taps.map(({ phase, offset }) => ({ phase, place: offset - first })), first, length };
}
