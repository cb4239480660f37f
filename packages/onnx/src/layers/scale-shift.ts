import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import { attributeOf, type GraphIndex } from './graph-index.js';
import type { FoundLayer } from './layer.js';

/** Where a squeeze begins: what follows sees one value per channel, as in a squeeze-and-excitation block. */
const POOLS: ReadonlySet<string> = new Set(['GlobalAveragePool', 'GlobalMaxPool', 'ReduceMean', 'ReduceMax']);

/**
 * A scale and a shift per channel behind every convolution into which, by its looks, a BatchNormalization was folded:
 * it has constant weights and a bias, no normalization follows it, and its output is an image, not the one value per
 * channel inside a squeeze-and-excitation block. Weights and bias may be quantized. In a model without convolutions,
 * the same behind every linear layer but the last.
 *
 * @param output name of the model's output
 * @param known nodes of layers that were found
 */
export function scaleShiftLayers(index: GraphIndex, output: string, known: ReadonlySet<NodeProto>): FoundLayer[] {
  const squeezed = squeezedValues(index);
  const last = beforeQuantizing(output, index);
  const folded = (type: string, node: NodeProto, bias: boolean): boolean =>
    node.opType === type &&
    index.constant(node.input[1] ?? '') !== undefined &&
    (bias ? index.constant(node.input[2] ?? '') !== undefined : (node.input[2] ?? '') === '') &&
    !squeezed.has(node.output[0] ?? '') &&
    !last.has(node.output[0] ?? '') &&
    !behind(node.output[0] ?? '', index).some((reader) => reader.opType.endsWith('Normalization') || known.has(reader));
  const hasImage = index.nodes.some(({ opType }) => opType === 'Conv');
  const among = (bias: boolean): NodeProto[] =>
    index.nodes.filter((node) => folded(hasImage ? 'Conv' : 'Gemm', node, bias));
  const biased = among(true);
  // In a model without any normalization, what is added behind a convolution may be its bias.
  const places = biased.length > 0 || known.size > 0 || !hasImage ? biased : among(false);
  return places.map((node) => {
    const channels = channelsOf(node, index);
    return {
      name: index.nameOf(node),
      kind: 'ScaleShift',
      channels,
      epsilon: 0,
      roles: ['gamma', 'beta'],
      node,
      parameters: [
        { role: 'gamma', values: new Float32Array(channels).fill(1), dims: [channels], at: undefined },
        { role: 'beta', values: new Float32Array(channels), dims: [channels], at: undefined },
      ],
    };
  });
}

const QUANTIZERS: ReadonlySet<string> = new Set(['QuantizeLinear', 'DequantizeLinear']);

/** The nodes that read a value, or read it quantized and back. */
const behind = (name: string, index: GraphIndex): NodeProto[] =>
  index.consumers(name).flatMap((node) => (QUANTIZERS.has(node.opType) ? behind(node.output[0] ?? '', index) : [node]));

/** A value, and what it was before it was quantized and back. */
function beforeQuantizing(name: string, index: GraphIndex): Set<string> {
  const names = new Set([name]);
  for (let node = index.producer(name); node && QUANTIZERS.has(node.opType); node = index.producer(node.input[0] ?? ''))
    names.add(node.input[0] ?? '');
  return names;
}

function channelsOf(node: NodeProto, { constant }: GraphIndex): number {
  const dims = constant(node.input[1] ?? '')?.dims.map(Number) ?? [];
  const across = node.opType === 'Gemm' && (attributeOf(node, 'transB')?.i ?? 0n) === 0n;
  return dims[across ? 1 : 0] ?? 0;
}

/** Names of the values that depend on pooled values alone. */
function squeezedValues({ nodes, constant }: GraphIndex): Set<string> {
  const squeezed = new Set<string>();
  for (const node of nodes) {
    const from = node.input.filter((name) => name !== '' && constant(name) === undefined);
    if (!POOLS.has(node.opType) && (from.length === 0 || !from.every((name) => squeezed.has(name)))) continue;
    for (const output of node.output) squeezed.add(output);
  }
  return squeezed;
}
