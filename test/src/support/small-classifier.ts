import {
  type Attribute,
  type FunctionFile,
  floats,
  type GraphFile,
  type NodeFile,
  onnxFile,
  type Tensor,
  type ValueFile,
} from './onnx-file.js';

/** Makes the random weights of the next model the same in every run. */
export function begin(first: number): void {
  seed = first;
}

let seed = 1;
const random = (): number => {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647 - 0.5;
};
/** Random weights. */
export const weights = (...dims: number[]): Tensor =>
  floats(dims, Array.from({ length: dims.reduce((p, d) => p * d, 1) }, random));

/** A node of the default operator set with one output. */
export const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: Record<string, Attribute> = {},
): NodeFile => ({
  ...{ op, name: output, inputs, outputs: [output], attributes },
});

/** Convolution, BatchNormalization, Relu, mean and linear layer, from the value `from` to `scores`. */
export function classifier(from = 'x', classes = 5, to = 'scores'): Required<Pick<GraphFile, 'nodes' | 'tensors'>> {
  seed = 7;
  return {
    nodes: [
      node('Conv', [from, 'w'], 'conv', { pads: [1, 1, 1, 1], kernel_shape: [3, 3] }),
      node('BatchNormalization', ['conv', 'g', 'b', 'm', 'v'], 'bn'),
      node('Relu', ['bn'], 'relu'),
      node('GlobalAveragePool', ['relu'], 'pooled'),
      node('Flatten', ['pooled'], 'features'),
      node('Gemm', ['features', 'fw', 'fb'], to),
    ],
    tensors: {
      ...{ w: weights(4, 3, 3, 3), g: floats([4], [1, 2, 0.5, 1]), b: weights(4), m: weights(4) },
      ...{ v: floats([4], [1, 0.5, 2, 1]), fw: weights(4, classes), fb: weights(classes) },
    },
  };
}

/** Its input and output. */
export const X: ValueFile = { name: 'x', dims: ['N', 3, 8, 8] };
export const SCORES: ValueFile = { name: 'scores', dims: ['N', 5] };

/** The classifier with nodes before and behind it. */
export function around(given: {
  before?: NodeFile[];
  from?: string;
  behind?: NodeFile[];
  outputs?: ValueFile[];
  inputs?: ValueFile[];
  tensors?: Record<string, Tensor>;
  functions?: FunctionFile[];
}): Uint8Array {
  const { nodes, tensors } = classifier(given.from);
  return onnxFile(
    {
      nodes: [...(given.before ?? []), ...nodes, ...(given.behind ?? [])],
      inputs: given.inputs ?? [X],
      outputs: given.outputs ?? [SCORES],
      tensors: { ...tensors, ...given.tensors },
    },
    17,
    given.functions,
  );
}

export const P: ValueFile = { name: 'p', dims: ['N', 5] };
export const softmax = node('Softmax', ['scores'], 'p', { axis: 1 });
