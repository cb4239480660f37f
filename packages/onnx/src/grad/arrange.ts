import type { Graph, Operation, Value } from '../graph.js';
import { readFloats } from '../tensor.js';
import { input, number, type Rule, type Rules, unsupported } from './rule.js';
import { intsIn, reshapeTo, type SizeOf, tensorOf } from './sizes.js';

/** The copies of a tile are summed: each repeated axis is taken apart into [repeats, size]. */
const tile: Rule = (graph, g, op) => {
  const repeats = intsIn(graph, op.inputs[1]);
  if (repeats === undefined) throw unsupported(op, 'repeats as often as the model computes', 'export fixed sizes');
  const sizes: (number | SizeOf)[] = [];
  const copies: number[] = [];
  repeats.forEach((times, axis) => {
    if (times !== 1) copies.push(sizes.push(times) - 1);
    sizes.push({ axis });
  });
  return copies.length === 0 ? g : graph.reduceSum(reshapeTo(graph, g, input(op, 0), sizes), copies);
};

const depthToSpace: Rule = (graph, g, op) => {
  const block = number(op, 'blocksize', 1);
  if ((op.attributes.mode ?? 'DCR') === 'DCR') return graph.op('SpaceToDepth', [g], { blocksize: block });
  const x = input(op, 0);
  const channels = x.shape?.[1];
  const depth = channels === undefined ? -1 : channels / block ** 2;
  const apart = reshapeTo(graph, g, x, [{ axis: 0 }, depth, { axis: 2 }, block, { axis: 3 }, block]);
  return graph.reshapeLike(graph.transpose(apart, [0, 1, 3, 5, 2, 4]), x);
};

/** By how much each axis grows; NaN where it is not known. */
function factorsOf(graph: Graph, g: Value, op: Operation): number[] {
  const scales = tensorOf(graph, op.inputs[2]);
  if (scales !== undefined && scales.dims[0] !== 0n) return [...readFloats(scales)];
  const sizes = intsIn(graph, op.inputs[3]) ?? g.shape;
  return (input(op, 0).shape ?? []).map((size, i) => (sizes?.[i] ?? Number.NaN) / (size ?? Number.NaN));
}

/** Whether each element fills a block, for whole factors. */
function inBlocks({ attributes }: Operation): boolean {
  const { mode = 'nearest', nearest_mode: nearest = 'round_prefer_floor', axes } = attributes;
  const coordinates = String(attributes.coordinate_transformation_mode ?? 'half_pixel');
  const block =
    coordinates === 'asymmetric'
      ? nearest === 'floor'
      : /half_pixel/.test(coordinates) && /round/.test(String(nearest));
  return mode === 'nearest' && block && axes === undefined;
}

/** Nearest neighbour by whole numbers: every block of the output repeats one element, and its gradients are summed. */
const resize: Rule = (graph, g, op) => {
  const [batch, channels, ...window] = factorsOf(graph, g, op);
  // The batch, where its size is open, is not resized.
  const spatial = (batch === 1 || input(op, 0).shape?.[0] === undefined) && channels === 1 && window.length > 0;
  if (!inBlocks(op) || !spatial || !window.every(Number.isInteger)) {
    throw unsupported(
      op,
      'is known only for nearest neighbours and whole factors',
      'export the model with fixed sizes, or train only the layers behind it',
    );
  }
  const mean = graph.op('AveragePool', [g], { kernel_shape: window, strides: window });
  return graph.scale(
    mean,
    window.reduce((product, factor) => product * factor, 1),
  );
};

/** How each element stands elsewhere, or more than once. */
export const arrange: Rules = {
  Expand: [(_, g) => g],
  Tile: [tile],
  DepthToSpace: [depthToSpace],
  SpaceToDepth: [
    (graph, g, op) => graph.op('DepthToSpace', [g], { blocksize: number(op, 'blocksize', 1), mode: 'DCR' }),
  ],
  Resize: [resize],
};
