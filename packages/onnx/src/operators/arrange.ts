import type { Graph } from '../graph/graph.js';
import { SMALL } from '../graph/small-constant.js';
import { combined, type SmallTensor } from '../graph/small-tensor.js';
import { Unknown } from '../graph/small-values.js';
import type { FoldContext, Operation, Shape, ShapeRule, Value } from '../graph/types.js';
import { readFloats } from '../model/tensor.js';
import { intsIn, tensorOf } from './formulas/constants.js';
import { reshapeTo, type SizeOf } from './formulas/sizes.js';
import { type Family, input, type Rule, unsupported } from './operator.js';
import { number } from './semantics/attributes.js';
import { allAxes } from './semantics/axis.js';
import { together } from './semantics/broadcast.js';
import { axisWeights, type Resized, resizedTo } from './semantics/resize.js';

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

/** Sizes and factors of a Resize. */
function resizedBy(graph: Graph, op: Operation): Resized {
  const scales = tensorOf(graph, op.inputs[2]);
  const factors = scales !== undefined && scales.dims[0] !== 0n ? [...readFloats(scales)] : undefined;
  return resizedTo(op.attributes, input(op, 0).shape ?? [], factors, intsIn(graph, op.inputs[3]));
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

/**
 * Nearest neighbour by whole numbers: every block of the output repeats one element, and its gradients are summed. Else
 * by weights.
 */
const resize: Rule = (graph, g, op) => {
  const x = input(op, 0);
  const { scales, shape } = resizedBy(graph, op);
  const [batch, channels, ...window] = scales;
  // The batch, where its size is open, is not resized.
  const spatial = (batch === 1 || x.shape?.[0] === undefined) && channels === 1 && window.length > 0;
  if (!inBlocks(op) || !spatial || !window.every(Number.isInteger)) return byWeights(graph, g, op, shape, scales);
  const factors = window as number[];
  const mean = graph.op('AveragePool', [g], { kernel_shape: factors, strides: factors });
  return graph.scale(
    mean,
    factors.reduce((product, factor) => product * factor, 1),
  );
};

/**
 * A resize is a product with a matrix along each axis; its gradient is one with the same matrix the other way round.
 */
function byWeights(graph: Graph, g: Value, op: Operation, shape: Shape, scales: Shape): Value {
  const x = input(op, 0);
  const rank = x.shape?.length ?? 0;
  return allAxes(rank).reduce((value, axis) => {
    const [from, to, scale] = [x.shape?.[axis], shape[axis], scales[axis]];
    // The batch, where its size is open, is not resized.
    if (scale === 1 || (axis === 0 && from === undefined)) return value;
    const known = from !== undefined && to !== undefined && scale !== undefined;
    const weights = known ? axisWeights(op.attributes, from, to, scale) : undefined;
    if (!known || weights === undefined) {
      throw unsupported(
        op,
        'is known only for fixed sizes, and not with antialias or crops',
        'export the model with fixed sizes, or train only the layers behind it',
      );
    }
    const matrix = graph.constant(weights, [to, from]);
    const perm = [...allAxes(rank).filter((other) => other !== axis), axis];
    const back = allAxes(rank).map((other) => perm.indexOf(other));
    return graph.transpose(graph.matmul(graph.transpose(value, perm), matrix), back);
  }, g);
}

const expanded: ShapeRule = ({ graph, inputs, shapes: [shape] }) => {
  const target = graph.integers(inputs[1]);
  return shape && target && together(shape, target);
};

function expandedSmall({ at, list: given }: FoldContext): SmallTensor {
  const dims = given(1) ?? [];
  const count = dims.reduce((p, d) => p * d, 1);
  if (count > SMALL) throw new Unknown();
  return combined(at(0), { dims, values: new Array<number>(count).fill(0), integer: true }, (x) => x);
}

const tiled: ShapeRule = ({ graph, inputs, shapes: [shape] }) => {
  const repeats = graph.integers(inputs[1]);
  return shape?.map((size, i) => {
    const times = repeats?.[i];
    return size === undefined || times === undefined ? undefined : size * times;
  });
};

const resized: ShapeRule = ({ graph, inputs, attributes, shapes: [shape] }) =>
  shape && resizedTo(attributes, shape, graph.integers(inputs[2]), graph.integers(inputs[3])).shape;

const blocks =
  (rule: (channels: number, height: number, width: number, block: number) => Shape): ShapeRule =>
  (context) => {
    const [batch, channels, height, width] = context.shapes[0] ?? [];
    const known = channels !== undefined && height !== undefined && width !== undefined;
    return known ? [batch, ...rule(channels, height, width, number(context, 'blocksize', 1))] : undefined;
  };

/** How each element stands elsewhere, or more than once. */
export const arrangements: Family = {
  Expand: { shape: expanded, fold: expandedSmall, gradient: [(_, g) => g], broadcasts: 'together' },
  Tile: { shape: tiled, gradient: [tile] },
  DepthToSpace: {
    shape: blocks((c, h, w, b) => [c / (b * b), h * b, w * b]),
    gradient: [depthToSpace],
    rearranges: true,
  },
  SpaceToDepth: {
    shape: blocks((c, h, w, b) => [c * b * b, h / b, w / b]),
    gradient: [(graph, g, op) => graph.op('DepthToSpace', [g], { blocksize: number(op, 'blocksize', 1), mode: 'DCR' })],
  },
  Resize: { shape: resized, gradient: [resize], floats: ['cubic_coeff_a', 'extrapolation_value'] },
};
