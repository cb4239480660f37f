import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import type { GraphIndex } from './graph-index.js';
import type { FoundLayer, Parameter } from './layer.js';
import { parameter } from './patterns.js';

/** What a normalization stands behind. */
const WEIGHTED: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);
/** What may stand between: a bias, the running mean that is taken off, a change of layout. */
const BETWEEN: ReadonlySet<string> = new Set(['Add', 'Sub', 'Transpose', 'Squeeze', 'Reshape']);

/**
 * The layer whose scale a node applies, if the node multiplies what a convolution or linear layer gives by a constant
 * per channel, and a constant per channel is added to that: how TensorFlow writes a BatchNormalization whose statistics
 * went into its scale and shift.
 */
export function channelAffineLayer(node: NodeProto, index: GraphIndex): FoundLayer | undefined {
  if (node.opType !== 'Mul') return undefined;
  const gamma = parameter(node, 'gamma', index);
  const [next, ...rest] = index.consumers(node.output[0] ?? '');
  if (gamma === undefined || next === undefined || rest.length > 0 || !isPerChannel(gamma)) return undefined;
  const beta = next.opType === 'Add' ? parameter(next, 'beta', index) : undefined;
  const alike = beta !== undefined && isPerChannel(beta) && beta.values.length === gamma.values.length;
  if (!alike || !isWeighted(node.input[1 - gamma.operand] ?? '', index)) return undefined;
  return {
    name: index.nameOf(node),
    kind: 'Affine',
    channels: gamma.values.length,
    epsilon: 0,
    roles: ['gamma', 'beta'],
    node,
    parameters: [gamma, beta],
  };
}

const isPerChannel = ({ dims }: Parameter): boolean => dims.filter((size) => size !== 1).length === 1;

function isWeighted(name: string, index: GraphIndex): boolean {
  let node = index.producer(name);
  for (let steps = 0; node !== undefined && steps < 4; steps++) {
    if (WEIGHTED.has(node.opType)) return true;
    const constants = node.input.slice(1).every((each) => index.constant(each) !== undefined);
    if (!BETWEEN.has(node.opType) || !constants) return false;
    node = index.producer(node.input[0] ?? '');
  }
  return false;
}
