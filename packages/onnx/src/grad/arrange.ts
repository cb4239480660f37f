import { input, number, type Rule, type Rules, rankOf, unsupported } from './rule.js';
import { intsIn, reshapeTo, type SizeOf } from './sizes.js';

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

/** Nearest neighbour by whole numbers: every block of the output repeats one element, and its gradients are summed. */
const resize: Rule = (graph, g, op) => {
  const rank = rankOf(op);
  const [before, after] = [input(op, 0).shape ?? [], g.shape ?? []];
  const factors = before.map((size, i) => (i < 2 ? 1 : (after[i] ?? Number.NaN) / (size ?? Number.NaN)));
  const window = factors.slice(2);
  const nearest =
    (op.attributes.mode ?? 'nearest') === 'nearest' && op.attributes.coordinate_transformation_mode !== 'align_corners';
  const channels = before[0] === after[0] && before[1] === after[1];
  if (!nearest || !channels || rank < 3 || !window.every(Number.isInteger)) {
    throw unsupported(
      op,
      'is known only for nearest neighbours by whole numbers',
      'export such a model with fixed sizes, or train behind it',
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
