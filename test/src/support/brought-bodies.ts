import type { Brought } from './brought-models.js';
import { floats, type GraphFile, integers, onnxFile, type Tensor } from './onnx-file.js';
import { around, classifier, node, SCORES, softmax, X } from './small-classifier.js';

const own = (output: string, are: 'probabilities' | 'scores' = 'scores') => ({ own: { output, are } });
const yes: Tensor = { dims: [], type: 'bool', data: Uint8Array.of(1) };
const nearlyOne = floats([], [0.9]);

/** Multiplies what it carries by a value of the outer graph, twice. */
const loopBody: GraphFile = {
  nodes: [node('Identity', ['on'], 'goes'), node('Mul', ['carried', 'k'], 'next')],
  inputs: [{ name: 'turn', type: 'int64', dims: [] }, { name: 'on', type: 'bool', dims: [] }, { name: 'carried' }],
  outputs: [{ name: 'goes', type: 'bool', dims: [] }, { name: 'next' }],
};

const scanBody: GraphFile = {
  nodes: [node('Mul', ['row', 'k'], 'out')],
  inputs: [{ name: 'row' }],
  outputs: [{ name: 'out' }],
};

/** As PyTorch wrote operator set 9: what are inputs now were attributes. */
function operatorSet9(): Uint8Array {
  const { nodes, tensors } = classifier('padded');
  const before = [
    node('Clip', ['x'], 'clipped', { min: { float: 0 }, max: { float: 0.9 } }),
    node('Slice', ['clipped'], 'sliced', { starts: [0, 0], ends: [7, 7], axes: [2, 3] }),
    node('Pad', ['sliced'], 'padded', { pads: [0, 0, 0, 0, 0, 0, 1, 1], mode: 'constant' }),
  ];
  return onnxFile(
    { nodes: [...before, ...nodes, softmax], inputs: [X], outputs: [{ name: 'p', dims: ['N', 5] }], tensors },
    9,
  );
}

/** More models as somebody may bring them: with loops, of old operator sets, and with ends that hide the scores. */
export const BODIES: readonly Brought[] = [
  {
    title: 'a Loop whose body reads outer values',
    isWhole: true,
    file: around({
      before: [node('Loop', ['twice', 'yes', 'x'], 'looped', { body: { graph: loopBody } })],
      from: 'looped',
      tensors: { twice: integers([], [2]), yes, k: nearlyOne },
    }),
    ...own('scores'),
  },
  {
    title: 'a Scan over the rows of an image',
    file: around({
      before: [
        node('Scan', ['x'], 'scanned', {
          ...{ body: { graph: scanBody }, num_scan_inputs: 1, scan_input_axes: [2], scan_output_axes: [2] },
        }),
      ],
      from: 'scanned',
      tensors: { k: nearlyOne },
    }),
    ...own('scores'),
  },
  {
    title: 'a Softmax that is masked whole, guarded by IsNaN',
    isWhole: true,
    file: around({
      behind: [
        node('Where', ['all', 'least', 'scores'], 'masked'),
        node('Softmax', ['masked'], 'weights', { axis: 1 }),
        node('IsNaN', ['weights'], 'broken'),
        node('Where', ['broken', 'none', 'weights'], 'attention'),
        node('Mul', ['attention', 'scores'], 'attended'),
        node('Add', ['attended', 'scores'], 'mixed'),
      ],
      outputs: [{ name: 'mixed', dims: ['N', 5] }],
      tensors: { all: yes, least: floats([], [Number.NEGATIVE_INFINITY]), none: floats([], [0]) },
    }),
    ...own('mixed'),
  },
  {
    title: 'the largest few of its probabilities',
    file: around({
      behind: [
        softmax,
        { op: 'TopK', name: 'largest', inputs: ['p', 'few'], outputs: ['values', 'places'], attributes: { axis: 1 } },
      ],
      outputs: [
        { name: 'values', dims: ['N', 3] },
        { name: 'places', type: 'int64', dims: ['N', 3] },
      ],
      tensors: { few: integers([1], [3]) },
    }),
  },
  { title: 'operator set 9', isWhole: true, file: operatorSet9(), ...own('p', 'probabilities') },
  {
    title: 'a batch written as 0',
    file: around({ inputs: [{ name: 'x', dims: [0, 3, 8, 8] }], outputs: [{ ...SCORES, dims: [0, 5] }] }),
  },
  {
    title: 'a Sigmoid before what is left of 1',
    file: around({
      behind: [
        node('Sigmoid', ['scores'], 'chance'),
        node('Sub', ['one', 'chance'], 'rest'),
        node('Concat', ['chance', 'rest'], 'both', { axis: 1 }),
      ],
      outputs: [{ name: 'both', dims: ['N', 10] }],
      tensors: { one: floats([], [1]) },
    }),
    refused: { code: 'ONNX_UNSUPPORTED', message: /"both" of .* in this order; export the score before/ },
  },
];
