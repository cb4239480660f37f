import { OnnxError } from '../errors.js';
import type { Attributes, Graph, Operation, Value } from '../graph.js';
import { constantKernel, turnedKernel } from './kernel.js';
import { input, type Rule, type Rules } from './rule.js';
import { spreadOut } from './spread-out.js';
import { subPixel } from './sub-pixel.js';
import { reachOf, type Window, windowIn } from './window.js';

/**
 * Gradient of a sliding sum with respect to what the window slides over.
 *
 * A constant kernel with stride 1: a convolution with the kernel turned by 180 degrees, its input and output channels exchanged. A
 * constant kernel with a stride: see sub-pixel.ts. ConvTranspose, which onnxruntime runs more slowly, takes the rest.
 *
 * @param kernel [outputs, inputs / groups, ...window]
 */
export function slideBack(graph: Graph, g: Value, kernel: Value, window: Window): Value {
  const constant = constantKernel(graph, kernel);
  if (constant === undefined) return transposed(graph, g, kernel, window);
  const turn = () => turnedKernel(graph, constant, window.group);
  const depthwise = constant.dims[0] === window.group && constant.dims[1] === 1;
  const found = window.strides.every((stride) => stride === 1)
    ? turned(graph, g, turn, window)
    : ((depthwise ? spreadOut(graph, g, turn, window) : undefined) ?? subPixel(graph, g, constant, window));
  return found ?? transposed(graph, g, kernel, window);
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
  // What the windows reach past the input, which is more than the padding with ceil_mode and may be less where a stride is left over.
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

const kernelOf = (op: Operation) => op.inputs[1]?.shape?.slice(2) as readonly number[] | undefined;

/**
 * A ConvTranspose spreads what a convolution gathers: its gradient is the convolution, with the same kernel.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: its padding follows from an output shape, or makes positions that no input reaches
 */
const convolved: Rule = (graph, g, op) => {
  const { strides, dilations, pads, group = 1, output_padding = [], auto_pad = 'NOTSET', output_shape } = op.attributes;
  const extra = output_padding as readonly number[];
  const within = extra.every((count, i) => count < ((strides as readonly number[] | undefined)?.[i] ?? 1));
  if (output_shape !== undefined || auto_pad !== 'NOTSET' || !within) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `"${op.name}", a ConvTranspose, has an output shape, an automatic padding, or an output padding of a stride or more, and there is no gradient for that; write it with pads, and output_padding below the strides.`,
    );
  }
  const given = Object.entries({ strides, dilations, pads }).filter(([, value]) => value !== undefined);
  const attributes = Object.fromEntries(given) as Attributes;
  return graph.op('Conv', [g, input(op, 1)], { ...attributes, group, kernel_shape: kernelOf(op) ?? [] });
};

/** Every axis but the one of the channels. */
const acrossChannels: Rule = (graph, g, op) => {
  const rank = g.shape?.length ?? input(op, 1).shape?.length ?? 0;
  return graph.reduceSum(
    g,
    Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 1),
  );
};

export const convolution: Rules = {
  Conv: [(graph, g, op) => slideBack(graph, g, input(op, 1), windowIn(op, kernelOf(op))), undefined, acrossChannels],
  ConvTranspose: [convolved, undefined, acrossChannels],
};
