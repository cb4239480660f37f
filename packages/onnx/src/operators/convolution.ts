import { OnnxError } from '../errors.js';
import type { Attributes, Operation, ShapeRule } from '../graph/types.js';
import { slideBack } from './formulas/slide-back.js';
import { windowIn } from './formulas/window-in.js';
import { type Family, input, type Rule } from './operator.js';
import { list, number } from './semantics/attributes.js';
import { slid, windowOf } from './semantics/window.js';

const kernelOf = (op: Operation) => op.inputs[1]?.shape?.slice(2) as readonly number[] | undefined;

/**
 * A ConvTranspose spreads what a convolution gathers: its gradient is the convolution, with the same kernel.
 *
 * @throws OnnxError ONNX_UNSUPPORTED: its padding follows from an output shape, or makes positions that no input
 *   reaches
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

/** The kernel tells the number of axes and channels, also where nothing is known of the input, as behind an If. */
const convolution: ShapeRule = (context) => {
  const [x, w] = context.shapes;
  const kernel = list(context, 'kernel_shape') ?? (w?.slice(2) as number[] | undefined);
  if (x === undefined) return w?.map((_, i) => (i === 1 ? w[0] : undefined));
  return kernel && slid(context, w?.[0], kernel);
};

const transposedConvolution: ShapeRule = (context) => {
  const [x, w] = context.shapes;
  if (x === undefined || w === undefined || (context.attributes.auto_pad ?? 'NOTSET') !== 'NOTSET') return undefined;
  const before = x.slice(2);
  const { strides, dilations, pads } = windowOf(context.attributes, before, w.slice(2) as number[]);
  const given = list(context, 'output_shape');
  const extra = list(context, 'output_padding') ?? before.map(() => 0);
  const sizes = before.map((size, i) => {
    const reach = (dilations[i] as number) * ((w[i + 2] as number) - 1) + 1;
    const cut = (pads[i] as number) + (pads[i + before.length] as number);
    return size === undefined ? undefined : (strides[i] as number) * (size - 1) + reach + (extra[i] as number) - cut;
  });
  const channels = w[1] === undefined ? undefined : w[1] * number(context, 'group', 1);
  return [x[0], channels, ...(given ?? sizes)];
};

/** What slides a kernel. */
export const convolutions: Family = {
  Conv: {
    shape: convolution,
    gradient: [
      (graph, g, op) => slideBack(graph, g, input(op, 1), windowIn(op, kernelOf(op))),
      undefined,
      acrossChannels,
    ],
  },
  ConvTranspose: { shape: transposedConvolution, gradient: [convolved, undefined, acrossChannels] },
};
