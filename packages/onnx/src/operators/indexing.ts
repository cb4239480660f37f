import { rearranged, type SmallTensor, strides } from '../graph/small-tensor.js';
import { Unknown } from '../graph/small-values.js';
import type { Dim, FoldContext, ShapeRule } from '../graph/types.js';
import { gatherBack } from './formulas/gather-back.js';
import { zerosLike } from './formulas/sizes.js';
import { sliceBack } from './formulas/slice-back.js';
import { axisFrom, type Family, input, type Rule, unsupported } from './operator.js';
import { number } from './semantics/attributes.js';
import { allAxes, allFromFront, fromFront, gathered, whole } from './semantics/axis.js';
import { same } from './semantics/same.js';
import { sliceOf } from './semantics/slice.js';

const elementsBack: Rule = (graph, g, op) =>
  graph.op('ScatterElements', [zerosLike(graph, input(op, 0)), input(op, 1), g], {
    axis: axisFrom(op, 0),
    reduction: 'add',
  });

const tuplesBack: Rule = (graph, g, op) => {
  if ((op.attributes.batch_dims ?? 0) !== 0) {
    throw unsupported(op, 'has batch_dims', 'export the model without them');
  }
  return graph.op('ScatterND', [zerosLike(graph, input(op, 0)), input(op, 1), g], { reduction: 'add' });
};

const gatheredShape: ShapeRule = (context) => {
  const [shape, indices] = context.shapes;
  return shape && indices && gathered(shape, indices, number(context, 'axis', 0));
};

function gatheredSmall({ at, attributes }: FoldContext): SmallTensor {
  const [data, indices] = [at(0), at(1)];
  const axis = fromFront(number({ attributes }, 'axis', 0), data.dims.length);
  const inner = strides(indices.dims);
  return rearranged(data, gathered(data.dims, indices.dims, axis), (index) => {
    const behind = axis + indices.dims.length;
    const place = index.slice(axis, behind).reduce((sum, p, i) => sum + p * (inner[i] as number), 0);
    const chosen = indices.values[place];
    if (chosen === undefined) throw new Unknown();
    return [...index.slice(0, axis), fromFront(chosen, data.dims[axis] as number), ...index.slice(behind)];
  });
}

const tupleShape: ShapeRule = (context) => {
  const [shape, indices] = context.shapes;
  const deep = indices?.at(-1);
  if (shape === undefined || indices === undefined || deep === undefined) return undefined;
  return [...indices.slice(0, -1), ...shape.slice(number(context, 'batch_dims', 0) + deep)];
};

const sliceShape: ShapeRule = ({ graph, inputs, shapes: [shape] }) => {
  if (shape === undefined) return undefined;
  const axes = inputs[3] === undefined ? allAxes(shape.length) : whole(graph.integers(inputs[3]));
  const [starts, ends] = [graph.integers(inputs[1]), graph.integers(inputs[2])];
  const steps = inputs[4] === undefined ? [] : graph.integers(inputs[4]);
  if (axes === undefined) return shape.map(() => undefined);
  const front = allFromFront(axes, shape.length);
  return shape.map((size, axis) => {
    const i = front.indexOf(axis);
    if (i < 0 || (starts !== undefined && i >= starts.length)) return size;
    const [start, end, step] = [starts?.[i], ends?.[i], steps === undefined ? undefined : (steps[i] ?? 1)];
    if (start === undefined || end === undefined || step === undefined) return undefined;
    return size === undefined ? openSlice(start, end, step) : sliceOf(size, start, end, step).count;
  });
};

/** Of an open axis only its last element is sure to be there. */
const openSlice = (start: number, end: number, step: number): Dim =>
  step === 1 && start === -1 && end > 2 ** 31 ? 1 : undefined;

function sliceSmall({ at, list }: FoldContext): SmallTensor {
  const data = at(0);
  const [starts = [], ends = []] = [list(1), list(2)];
  const axes = allFromFront(list(3) ?? allAxes(starts.length), data.dims.length);
  const steps = list(4) ?? starts.map(() => 1);
  const ranges = data.dims.map((size, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { from: 0, step: 1, count: size };
    const step = steps[i] as number;
    return { ...sliceOf(size, starts[i] as number, ends[i] as number, step), step };
  });
  return rearranged(
    data,
    ranges.map(({ count }) => count),
    (index) => index.map((p, i) => (ranges[i]?.from ?? 0) + p * (ranges[i]?.step ?? 1)),
  );
}

/** What takes elements by their place, or puts them there. */
export const indexing: Family = {
  Slice: { shape: sliceShape, fold: sliceSmall, gradient: [sliceBack] },
  Gather: { shape: gatheredShape, fold: gatheredSmall, gradient: [gatherBack] },
  GatherElements: { shape: ({ shapes }) => shapes[1], gradient: [elementsBack] },
  GatherND: { shape: tupleShape, gradient: [tuplesBack] },
  ScatterElements: { shape: same },
  ScatterND: { shape: same },
  Scatter: { shape: same },
};
