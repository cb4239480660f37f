import type { Graph } from '../graph/graph.js';
import type { Operation, Value } from '../graph/types.js';
import { readFloats } from '../model/tensor.js';

/**
 * x - offset per channel. Behind a convolution with a constant kernel it is free: the offset goes into the bias.
 *
 * A training graph looks at every normalization layer's input from the exported running mean, so that sums of squares
 * do not cancel in float32. A normalization layer does not notice: its mean moves with its input.
 *
 * @param x [N, C, ...]
 * @param offset [C]
 */
export function centre(graph: Graph, x: Value, offset: Float32Array): Value {
  const convolution = graph.producer(x);
  const bias = convolution?.type === 'Conv' ? shiftedBias(graph, convolution, offset) : undefined;
  if (convolution === undefined || bias === undefined) {
    const dims = [1, offset.length, ...(x.shape ?? []).slice(2).map(() => 1)];
    return graph.sub(x, graph.constant(offset, dims));
  }
  // Several normalizations may stand behind one convolution.
  const value = { name: graph.freeName(`${x.name}/centred`), shape: x.shape };
  const inputs = [convolution.inputs[0], convolution.inputs[1], bias];
  graph.add({ ...convolution, name: graph.freeName(`${convolution.name}/centred`), inputs, outputs: [value] });
  return value;
}

function shiftedBias(graph: Graph, { inputs }: Operation, offset: Float32Array): Value | undefined {
  const [, , bias] = inputs;
  const shift = offset.map((value) => -value);
  if (bias === undefined) return graph.constant(shift, [offset.length]);
  const tensor = graph.constants.get(bias.name);
  if (tensor === undefined) return undefined;
  const values = readFloats(tensor);
  return graph.constant(
    shift.map((value, i) => value + (values[i] as number)),
    [offset.length],
  );
}
