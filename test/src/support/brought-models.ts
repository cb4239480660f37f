import { floats, type GraphFile, halves, integers, onnxFile, type Tensor, type ValueFile } from './onnx-file.js';
import { around, begin, classifier, node, P, SCORES, softmax, weights, X } from './small-classifier.js';

/** A model as somebody may bring it. */
export interface Brought {
  readonly title: string;
  readonly file: Uint8Array;
  /** What stands in the file `beside.bin`. */
  readonly beside?: Uint8Array;
  readonly options?: { readonly output?: string; readonly sizes?: Readonly<Record<string, number>> };
  /** Name of the output with the model's own probabilities, or with its scores. */
  readonly own?: { readonly output: string; readonly are: 'probabilities' | 'scores' };
  /** Shape of a sample. Default: [3, 8, 8]. */
  readonly shape?: readonly number[];
  /** Values of a sample: between 0 and 1, or whole numbers below this. */
  readonly below?: number;
  /** A cloud and a device are run with it. */
  readonly isWhole?: true;
  /** It is refused, by cloud and device alike. */
  readonly refused?: { readonly code: string; readonly message: RegExp };
}

const own = (output: string, are: 'probabilities' | 'scores' = 'scores') => ({ own: { output, are } });

function constantNodes(): Uint8Array {
  const { nodes, tensors } = classifier();
  const held = Object.entries(tensors).map(([name, tensor]) => node('Constant', [], name, { value: { tensor } }));
  return onnxFile({ nodes: [...held, ...nodes], inputs: [X], outputs: [SCORES] });
}

function externalConstant(): Pick<Brought, 'file' | 'beside'> {
  const { nodes, tensors } = classifier();
  const { w, ...rest } = tensors as Record<string, Tensor> & { w: Tensor };
  const constant = node('Constant', [], 'w', { value: { tensor: { ...w, location: 'beside.bin' } } });
  const file = onnxFile({ nodes: [constant, ...nodes], inputs: [X], outputs: [SCORES], tensors: rest });
  return { file, beside: w.data };
}

function halfPrecision(): Uint8Array {
  const { nodes, tensors } = classifier();
  const half = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, halves(tensor)]));
  const typed = (value: ValueFile): ValueFile => ({ ...value, type: 'float16' });
  return onnxFile({ nodes, inputs: [typed(X)], outputs: [typed(SCORES)], tensors: half });
}

function singleScore(): Uint8Array {
  const { nodes, tensors } = classifier('x', 1);
  return onnxFile({
    nodes: [...nodes, node('Sigmoid', ['scores'], 'p')],
    ...{ inputs: [X], outputs: [{ name: 'p', dims: ['N', 1] }], tensors },
  });
}

/**
 * LayerNormalization as x * k + (b - mean * k), with k = g / sqrt(variance + e), as Keras writes it; of tokens [N, 6].
 */
function kerasNormalization(): Uint8Array {
  begin(5);
  const nodes = [
    node('Gemm', ['x', 'w0'], 'h'),
    node('ReduceMean', ['h'], 'mean', { axes: [-1], keepdims: 1 }),
    node('Sub', ['h', 'mean'], 'centred'),
    node('Mul', ['centred', 'centred'], 'square'),
    node('ReduceMean', ['square'], 'variance', { axes: [-1], keepdims: 1 }),
    node('Add', ['variance', 'e'], 'above'),
    node('Sqrt', ['above'], 'root'),
    node('Reciprocal', ['root'], 'inverse'),
    node('Mul', ['inverse', 'g'], 'k'),
    node('Mul', ['h', 'k'], 'scaled'),
    node('Mul', ['mean', 'k'], 'moved'),
    node('Sub', ['b', 'moved'], 'shift'),
    node('Add', ['scaled', 'shift'], 'y'),
    node('Gemm', ['y', 'w1'], 'scores'),
  ];
  const tensors = { w0: weights(6, 8), w1: weights(8, 5), g: weights(8), b: weights(8), e: floats([], [1e-3]) };
  return onnxFile({ nodes, inputs: [{ name: 'x', dims: ['N', 6] }], outputs: [SCORES], tensors });
}

/** Token ids, embedded, normalized and averaged. */
function tokens(): Uint8Array {
  begin(3);
  const nodes = [
    node('Gather', ['table', 'x'], 'rows'),
    node('LayerNormalization', ['rows', 'g', 'b'], 'y', { axis: -1 }),
    node('ReduceMean', ['y'], 'mean', { axes: [1], keepdims: 0 }),
    node('Gemm', ['mean', 'w'], 'scores'),
  ];
  const tensors = { table: weights(3000, 8), g: weights(8), b: weights(8), w: weights(8, 5) };
  return onnxFile({ nodes, inputs: [{ name: 'x', type: 'int64', dims: ['N', 6] }], outputs: [SCORES], tensors });
}

const branch = (op: string): GraphFile => ({
  nodes: [node(op, ['x', 'half'], 'chosen')],
  outputs: [{ name: 'chosen', dims: ['N', 3, 8, 8] }],
});

/** Each adapts, or is refused by cloud and device with the same words. */
export const BROUGHT: readonly Brought[] = [
  { title: 'scores', file: around({}), ...own('scores') },
  { title: 'a Softmax', file: around({ behind: [softmax], outputs: [P] }), ...own('p', 'probabilities') },
  {
    title: 'features before scores',
    file: around({ outputs: [{ name: 'features', dims: ['N', 4] }, SCORES] }),
    ...own('scores'),
  },
  {
    title: 'a label before probabilities',
    file: around({
      behind: [softmax, node('ArgMax', ['p'], 'label', { axis: 1, keepdims: 0 })],
      outputs: [{ name: 'label', type: 'int64', dims: ['N'] }, P],
    }),
    ...own('p', 'probabilities'),
  },
  { title: 'a single score', file: singleScore() },
  {
    title: 'a batch fixed at 1',
    file: around({ inputs: [{ name: 'x', dims: [1, 3, 8, 8] }], outputs: [{ name: 'scores', dims: [1, 5] }] }),
    ...own('scores'),
  },
  {
    title: 'a batch written as -1',
    file: around({ inputs: [{ name: 'x', dims: [-1, 3, 8, 8] }], outputs: [{ name: 'scores', dims: [-1, 5] }] }),
    ...own('scores'),
  },
  { title: 'weights in Constant nodes', file: constantNodes(), ...own('scores') },
  { title: 'a Constant in another file', ...externalConstant(), ...own('scores') },
  {
    title: 'an If whose branches read outer values',
    file: around({
      before: [
        node('If', ['yes'], 'scaled', { then_branch: { graph: branch('Mul') }, else_branch: { graph: branch('Add') } }),
      ],
      from: 'scaled',
      tensors: { yes: { dims: [], type: 'bool', data: Uint8Array.of(1) }, half: floats([], [0.5]) },
    }),
    ...own('scores'),
  },
  {
    title: 'a function',
    file: around({
      before: [{ op: 'Halve', domain: 'own', name: 'halve', inputs: ['x', 'half'], outputs: ['scaled'] }],
      from: 'scaled',
      tensors: { half: floats([], [0.5]) },
      functions: [{ name: 'Halve', inputs: ['a', 'f'], outputs: ['r'], nodes: [node('Mul', ['a', 'f'], 'r')] }],
    }),
    ...own('scores'),
  },
  {
    title: 'channels last',
    file: around({
      before: [node('Transpose', ['x'], 'first', { perm: [0, 3, 1, 2] })],
      from: 'first',
      inputs: [{ name: 'x', dims: ['N', 8, 8, 3] }],
    }),
    shape: [8, 8, 3],
    ...own('scores'),
  },
  {
    title: 'bytes, normalized inside',
    file: around({
      before: [
        node('Cast', ['x'], 'float', { to: 1 }),
        node('Div', ['float', 'whole'], 'unit'),
        node('Sub', ['unit', 'half'], 'centred'),
      ],
      from: 'centred',
      inputs: [{ ...X, type: 'uint8' }],
      tensors: { whole: floats([], [255]), half: floats([1, 3, 1, 1], [0.4, 0.5, 0.6]) },
    }),
    below: 256,
  },
  {
    title: 'a Pow of whole exponents',
    file: around({
      behind: [node('Pow', ['scores', 'twos'], 'powers')],
      outputs: [{ name: 'powers', dims: ['N', 5] }],
      tensors: { twos: integers([5], [2, 1, 3, 2, 1]) },
    }),
    ...own('powers'),
  },
  {
    title: 'scores with an axis of size 1',
    file: around({
      behind: [node('Reshape', ['scores', 'rows'], 'seq')],
      outputs: [{ name: 'seq', dims: ['N', 1, 5] }],
      tensors: { rows: integers([3], [-1, 1, 5]) },
    }),
    ...own('seq'),
  },
  { title: 'float16', file: halfPrecision() },
  { title: 'a LayerNormalization of Keras', file: kerasNormalization(), shape: [6], ...own('scores') },
  { title: 'token ids', isWhole: true, file: tokens(), shape: [6], below: 3000 },
  {
    title: 'open height and width, given',
    isWhole: true,
    file: around({ inputs: [{ name: 'x', dims: ['N', 3, 'H', 'W'] }] }),
    options: { sizes: { H: 8, W: 8 } },
    ...own('scores'),
  },
  {
    title: 'one of two outputs, named',
    file: around({
      behind: [node('Gemm', ['features', 'bw'], 'boxes')],
      outputs: [{ name: 'boxes', dims: ['N', 4] }, SCORES],
      tensors: { bw: floats([4, 4], Array(16).fill(0.1)) },
    }),
    options: { output: 'scores' },
    ...own('scores'),
  },
  {
    title: 'open height and width',
    file: around({ inputs: [{ name: 'x', dims: ['N', 3, 'H', 'W'] }] }),
    refused: { code: 'ONNX_SIZES_OPEN', message: /H and W open.*option sizes/ },
  },
  {
    title: 'two outputs that may be the scores',
    file: around({
      behind: [node('Gemm', ['features', 'bw'], 'boxes')],
      outputs: [{ name: 'boxes', dims: ['N', 4] }, SCORES],
      tensors: { bw: floats([4, 4], Array(16).fill(0.1)) },
    }),
    refused: { code: 'ONNX_OUTPUT_UNCLEAR', message: /"boxes" .*"scores" .*option output/ },
  },
  {
    title: 'a score for each place',
    file: around({
      behind: [node('Unsqueeze', ['relu', 'one'], 'y')],
      outputs: [{ name: 'relu', dims: ['N', 4, 8, 8] }],
      tensors: { one: integers([1], [1]) },
    }),
    refused: { code: 'ONNX_UNSUPPORTED', message: /one row of scores for each image/ },
  },
  {
    title: 'a Sigmoid of each score',
    file: around({ behind: [node('Sigmoid', ['scores'], 'p')], outputs: [P] }),
    refused: { code: 'ONNX_UNSUPPORTED', message: /Sigmoid of each score/ },
  },
];

/** The classifier with its BatchNormalization folded into the convolution. */
export function folded(): Uint8Array {
  const { nodes, tensors } = classifier();
  const [, , ...rest] = nodes;
  const conv = node('Conv', ['x', 'w', 'b'], 'bn', { pads: [1, 1, 1, 1], kernel_shape: [3, 3] });
  return onnxFile({ nodes: [conv, ...rest], inputs: [X], outputs: [SCORES], tensors });
}

/** A foundation model for the classifier: of larger images, and of more classes. */
export function larger(): Uint8Array {
  const { nodes, tensors } = classifier('x', 7);
  const inputs: ValueFile[] = [{ name: 'x', dims: ['N', 3, 12, 12] }];
  return onnxFile({ nodes, inputs, outputs: [{ name: 'scores', dims: ['N', 7] }], tensors });
}
