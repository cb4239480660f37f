import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/types.js';
import { once } from './kernel.js';
import { reachOf, type Window } from './window-in.js';

/**
 * The output's gradient with zeros between its elements, where the stride skipped, then a convolution with stride 1.
 * Zeros are multiplied too: for a kernel of one channel, which waits for memory, that costs less than interleaving.
 *
 * @param turned makes the kernel that is turned by 180 degrees
 */
export function spreadOut(graph: Graph, g: Value, turned: () => Value, window: Window): Value | undefined {
  const { strides, dilations, group, kernel, pads, before, after } = window;
  const rank = strides.length;
  const sizes = after.map((count, i) => (count ?? 0) * (strides[i] as number));
  const begin = strides.map((_, i) => reachOf(window, i) - (pads[i] as number));
  const end = strides.map((_, i) => (before[i] ?? 0) + (pads[i] as number) - (sizes[i] as number));
  const known = [...before, ...after].every((size) => size !== undefined);
  if (!known || rank !== 2 || [...begin, ...end].some((pad) => pad < 0)) return undefined;
  const [height, width] = sizes as [number, number];
  const [s, t] = strides as [number, number];
  const first = (i: number) => (i % t === 0 && Math.floor(i / width) % s === 0 ? 1 : 0);
  const mask = once(graph, `every ${[s, t]} of ${sizes}`, () =>
    graph.constant(
      Float32Array.from({ length: height * width }, (_, i) => first(i)),
      [1, 1, height, width],
    ),
  );
  const spread = graph.mul(enlarged(graph, g, strides), mask);
  return graph.op('Conv', [spread, turned()], {
    group,
    dilations,
    strides: strides.map(() => 1),
    pads: [...begin, ...end],
    kernel_shape: kernel,
  });
}

/** Every element repeated along the spatial axes. */
export function enlarged(graph: Graph, value: Value, factors: readonly number[]): Value {
  const scales = Float32Array.from([1, 1, ...factors]);
  const attributes = { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' };
  return graph.op('Resize', [value, undefined, graph.constant(scales, [scales.length])], attributes);
}
