import { OnnxError } from '../errors.js';
import type { Graph, Operation, Value } from '../graph.js';
import { windowOf } from '../shapes.js';
import { readFloats } from '../tensor.js';
import { input, type Rule } from './rule.js';

interface Kernel {
  readonly data: Float32Array;
  /** [outputs, inputs / groups, height, width] */
  readonly dims: readonly [number, number, number, number];
}

interface Window {
  readonly group: number;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/**
 * Gradient of a convolution with respect to its input, with a constant kernel. Stride 1: a convolution with the kernel turned by
 * 180 degrees, its input and output channels exchanged. A stride that divides the input's size: a sub-pixel convolution and
 * DepthToSpace. Both are faster in onnxruntime than ConvTranspose, which takes the rest.
 */
export const convolutionInput: Rule = (graph, g, op) => {
  const window = windowIn(op);
  const kernel = constantKernel(graph, op);
  const fast =
    kernel === undefined ? undefined : (turned(graph, g, kernel, window) ?? subPixel(graph, g, op, kernel, window));
  return fast ?? transposed(graph, g, op, window);
};

/** Strides, dilations and pads in numbers. @throws OnnxError ONNX_UNSUPPORTED: they need a size that is open */
function windowIn(op: Operation): Window {
  const sizes = input(op, 0).shape?.slice(2);
  const kernel = input(op, 1).shape?.slice(2) as number[] | undefined;
  const window = sizes === undefined || kernel === undefined ? undefined : windowOf(op.attributes, sizes, kernel);
  const known = window?.pads.every((pad) => pad !== undefined);
  if (window === undefined || !known || window.strides.some((stride, i) => stride > 1 && sizes?.[i] === undefined)) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `the gradient of "${op.name}", a Conv, depends on the size of its input, which the model leaves open; export the model with a fixed image size.`,
    );
  }
  const { strides, dilations, pads } = window;
  return { group: (op.attributes.group ?? 1) as number, strides, dilations, pads: pads as readonly number[] };
}

function constantKernel(graph: Graph, operation: Operation): Kernel | undefined {
  const tensor = graph.constants.get(input(operation, 1).name);
  if (tensor === undefined || tensor.dims.length !== 4) return undefined;
  return { data: readFloats(tensor), dims: tensor.dims.map(Number) as [number, number, number, number] };
}

function turned(graph: Graph, g: Value, { data, dims }: Kernel, window: Window): Value | undefined {
  const { strides, dilations, pads, group } = window;
  const [outputs, inputs, height, width] = dims;
  const reach = [height, width, height, width].map(
    (size, i) => (dilations[i % 2] as number) * (size - 1) - (pads[i] as number),
  );
  if (strides.some((stride) => stride !== 1) || reach.some((pad) => pad < 0)) return undefined;
  const perGroup = outputs / group;
  const area = height * width;
  const rotated = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    const block = Math.floor(o / perGroup);
    for (let i = 0; i < inputs; i++) {
      const from = (o * inputs + i) * area;
      const to = ((block * inputs + i) * perGroup + (o % perGroup)) * area;
      for (let k = 0; k < area; k++) rotated[to + area - 1 - k] = data[from + k] as number;
    }
  }
  const weight = graph.constant(rotated, [inputs * group, perGroup, height, width]);
  return graph.op('Conv', [g, weight], {
    group,
    dilations,
    strides: [1, 1],
    pads: reach,
    kernel_shape: [height, width],
  });
}

/**
 * Position s i + a of the input, for phase a < s, is reached by kernel tap k from output i + e where s e = a + pad - k. So each phase
 * is a small convolution over the output; their taps stand side by side in one kernel, and DepthToSpace interleaves the phases.
 */
function subPixel(graph: Graph, g: Value, op: Operation, { data, dims }: Kernel, window: Window): Value | undefined {
  const { strides, dilations, pads, group } = window;
  const [s] = strides as [number];
  const [outputs, inputs, height, width] = dims;
  const before = input(op, 0).shape?.slice(2) ?? [undefined];
  const after = g.shape?.slice(2) ?? [undefined];
  const fits =
    before.every((size) => size !== undefined && size % s === 0) && after.every((size) => size !== undefined);
  if (!fits || strides[1] !== s || dilations.some((d) => d !== 1) || group !== 1) return undefined;
  const axes = [height, width].map((size, i) => offsets(size, s, pads[i] as number));
  const [rows, columns] = axes as [Offsets, Offsets];
  const begin = axes.map(({ first }) => 0 - first);
  const end = axes.map(({ first, length }, i) => (before[i] as number) / s - (after[i] as number) + length - 1 + first);
  if ([...begin, ...end].some((pad) => pad < 0)) return undefined;
  const spread = new Float32Array(inputs * s * s * outputs * rows.length * columns.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [row, column] = [rows.taps[y] as Tap, columns.taps[x] as Tap];
          const channel = (i * s + row.phase) * s + column.phase;
          const at = ((channel * outputs + o) * rows.length + row.place) * columns.length + column.place;
          spread[at] = data[((o * inputs + i) * height + y) * width + x] as number;
        }
      }
    }
  }
  const weight = graph.constant(spread, [inputs * s * s, outputs, rows.length, columns.length]);
  const phases = graph.op('Conv', [g, weight], {
    pads: [...begin, ...end],
    kernel_shape: [rows.length, columns.length],
  });
  return graph.op('DepthToSpace', [phases], { blocksize: s, mode: 'CRD' });
}

interface Tap {
  readonly phase: number;
  readonly place: number;
}

interface Offsets {
  readonly taps: readonly Tap[];
  /** The smallest offset e. */
  readonly first: number;
  /** Number of offsets from the smallest to the largest. */
  readonly length: number;
}

function offsets(size: number, stride: number, pad: number): Offsets {
  const taps = Array.from({ length: size }, (_, k) => {
    const phase = (((k - pad) % stride) + stride) % stride;
    return { phase, offset: (phase + pad - k) / stride };
  });
  const all = taps.map(({ offset }) => offset);
  const first = Math.min(...all);
  return {
    taps: taps.map(({ phase, offset }) => ({ phase, place: offset - first })),
    first,
    length: Math.max(...all) - first + 1,
  };
}

function transposed(graph: Graph, g: Value, op: Operation, window: Window): Value {
  const x = input(op, 0);
  const { strides, dilations, pads, group } = window;
  const kernel = (input(op, 1).shape ?? []).slice(2) as number[];
  const rest = kernel.map((size, i) => {
    const padded = (x.shape?.[i + 2] ?? 0) + (pads[i] as number) + (pads[i + kernel.length] as number);
    return (padded - (dilations[i] as number) * (size - 1) - 1) % (strides[i] as number);
  });
  return graph.op('ConvTranspose', [g, input(op, 1)], {
    strides,
    dilations,
    pads,
    output_padding: rest,
    group,
    kernel_shape: kernel,
  });
}
