import { OnnxError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import type { Operation, ShapeRule, Value } from '../graph/types.js';
import { onesKernel } from './formulas/kernel.js';
import { slideBack } from './formulas/slide-back.js';
import { enlarged } from './formulas/spread-out.js';
import { type Window, windowIn } from './formulas/window-in.js';
import { type Family, input, output, type Rule } from './operator.js';
import { list } from './semantics/attributes.js';
import { overImage, slid } from './semantics/window.js';

/**
 * Each output's gradient goes to the element that was its maximum, the first where several are, as in PyTorch. Windows
 * overlap, so what arrives at one element is added.
 */
const maxPool: Rule = (graph, g, op) => {
  if (graph.opset < 16) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `the gradient of "${op.name}", a MaxPool, adds up at indices, which operator set ${graph.opset} cannot; convert the model to operator set 16 or newer with onnx.version_converter.`,
    );
  }
  const x = input(op, 0);
  const flat = graph.ints([-1]);
  const places = graph.op('Reshape', [indices(graph, op), flat]);
  const zeros = graph.op('ConstantOfShape', [graph.op('Reshape', [graph.op('Size', [x]), flat])]);
  const sums = graph.op('ScatterElements', [zeros, places, graph.op('Reshape', [g, flat])], { reduction: 'add' });
  return graph.reshapeLike(sums, x);
};

/**
 * Where in the flattened input each maximum is. From a second MaxPool: one that tells takes three times as long, and
 * the model's own may have been written into a form that cannot.
 */
function indices(graph: Graph, op: Operation): Value {
  const { storage_order: _, ...attributes } = op.attributes;
  const y = output(op);
  const name = `renorm/indices/${y.name}`;
  const value = { name, shape: y.shape };
  if (graph.producer(value) === undefined) {
    const again = { name: `${name}/values`, shape: y.shape };
    graph.add({ type: 'MaxPool', name, inputs: [input(op, 0)], outputs: [again, value], attributes });
  }
  return value;
}

/** Of all elements of a channel: the first maximum. */
const globalMaxPool: Rule = (graph, g, op) => {
  const x = input(op, 0);
  const rows = graph.op('Reshape', [x, graph.ints([0, 0, -1])]);
  const place = graph.op('ArgMax', [rows], { axis: 2, keepdims: 1 });
  const zeros = graph.op('ConstantOfShape', [graph.op('Shape', [rows])]);
  const share = graph.op('Reshape', [g, graph.ints([0, 0, 1])]);
  return graph.reshapeLike(graph.op('ScatterElements', [zeros, place, share], { axis: 2 }), x);
};

/** A convolution of every channel with ones, divided by the number of elements in the window. */
const averagePool: Rule = (graph, g, op) => {
  const kernel = op.attributes.kernel_shape as readonly number[];
  const counts = windowCounts(op, windowIn(op, kernel));
  // Where counts differ from window to window, the number of windows has to be known.
  const window = windowIn(op, kernel, counts === undefined);
  const channels = input(op, 0).shape?.[1];
  if (channels === undefined) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `the number of channels of the input of "${op.name}", an AveragePool, is not known; write shapes into the model with onnx.shape_inference.infer_shapes.`,
    );
  }
  const share = graph.mul(g, divided(graph, counts ?? windowCounts(op, window) ?? [], window));
  return tiles(window)
    ? enlarged(graph, share, kernel)
    : slideBack(graph, share, onesKernel(graph, channels, kernel), { ...window, group: channels });
};

/**
 * Number of elements that each window divides by, along each axis; undefined where it follows from a size that is open.
 */
function windowCounts(op: Operation, window: Window): number[][] | undefined {
  const { kernel, strides, dilations, pads, before, after } = window;
  const withPadding = (op.attributes.count_include_pad ?? 0) === 1;
  const alike = (op.attributes.ceil_mode ?? 0) === 0 && (withPadding || pads.every((pad) => pad === 0));
  if (alike) return kernel.map((size) => [size]);
  if (after.some((count) => count === undefined)) return undefined;
  return kernel.map((size, i) => {
    const [first, stop] = withPadding
      ? [0 - (pads[i] as number), (before[i] as number) + (pads[i + kernel.length] as number)]
      : [0, before[i] as number];
    return Array.from({ length: after[i] as number }, (_, position) => {
      const start = position * (strides[i] as number) - (pads[i] as number);
      const places = Array.from({ length: size }, (_, k) => start + k * (dilations[i] as number));
      return places.filter((place) => place >= first && place < stop).length;
    });
  });
}

/** 1 / count for every position. */
function divided(graph: Graph, counts: readonly (readonly number[])[], { kernel }: Window): Value {
  const all = counts.reduce<number[]>((product, axis) => product.flatMap((p) => axis.map((count) => p * count)), [1]);
  const area = kernel.reduce((product, size) => product * size, 1);
  return all.every((count) => count === area)
    ? graph.constant(1 / area)
    : graph.constant(
        Float32Array.from(all, (count) => 1 / count),
        [1, 1, ...counts.map((axis) => axis.length)],
      );
}

/** Whether every element of the input lies in one window. */
const tiles = ({ kernel, strides, dilations, pads, before, after }: Window): boolean =>
  kernel.every(
    (size, i) => size === strides[i] && dilations[i] === 1 && before[i] === size * (after[i] ?? Number.NaN),
  ) && pads.every((pad) => pad === 0);

const pool: ShapeRule = (context) => {
  const kernel = list(context, 'kernel_shape');
  return kernel && slid(context, context.shapes[0]?.[1], kernel);
};

/** What takes one value of a window, or of a channel. */
export const pools: Family = {
  MaxPool: {
    shapes: (context) => Array.from({ length: context.outputs }, () => pool(context)),
    gradient: [maxPool],
  },
  AveragePool: { shape: pool, gradient: [averagePool] },
  LpPool: { shape: pool },
  GlobalMaxPool: { shape: overImage, gradient: [globalMaxPool] },
  GlobalLpPool: { shape: overImage },
};
