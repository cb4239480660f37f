import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import type { GraphIndex } from './graph-index.js';
import type { FoundLayer } from './layer.js';
import { byDeviation, fused, inverseDeviation, parameter, sameValue } from './patterns.js';

/**
 * The layer whose gamma a node multiplies by 1 / deviation: Keras writes LayerNormalization as
 *
 *   x k + (beta - mean(x) k)   with k = gamma / sqrt(mean((x - mean(x))^2) + epsilon)
 */
export function distributedLayer(node: NodeProto, index: GraphIndex): FoundLayer | undefined {
  if (node.opType !== 'Mul') return undefined;
  const gamma = parameter(node, 'gamma', index);
  const deviation = gamma && inverseDeviation(node.input[1 - gamma.operand] ?? '', index);
  const normalised = deviation && byDeviation(deviation.of, deviation, index);
  const input = normalised?.input;
  if (gamma === undefined || normalised === undefined || input === undefined) return undefined;
  const [scaled, centre] = timesBoth(node, input, index);
  const [shift, ...others] = centre === undefined ? [] : index.consumers(centre.output[0] ?? '');
  if (scaled === undefined || shift?.opType !== 'Sub' || others.length > 0) return undefined;
  const beta = parameter(shift, 'beta', index);
  const [last] = index.consumers(shift.output[0] ?? '');
  const sums = last?.opType === 'Add' && index.consumers(scaled.output[0] ?? '').includes(last);
  if (beta?.operand !== 0 || beta.values.length !== gamma.values.length || !sums) return undefined;
  return {
    name: index.nameOf(node),
    kind: normalised.kind,
    channels: gamma.values.length,
    epsilon: normalised.epsilon,
    roles: ['gamma', 'beta'],
    node,
    parameters: [gamma, beta],
    ...fused(normalised, gamma, last),
  };
}

/** The two nodes that multiply k: one the value that is normalised, the other its mean. */
function timesBoth(node: NodeProto, input: string, index: GraphIndex): readonly [NodeProto?, NodeProto?] {
  const readers = index.consumers(node.output[0] ?? '');
  if (readers.length !== 2 || readers.some(({ opType }) => opType !== 'Mul')) return [];
  const other = (reader: NodeProto): string => reader.input.find((name) => index.producer(name) !== node) ?? '';
  const scaled = readers.find((reader) => sameValue(other(reader), input, index));
  const centre = readers.find((reader) => reader !== scaled);
  const mean = centre && index.producer(other(centre));
  const own = mean?.opType === 'ReduceMean' && sameValue(mean.input[0] ?? '', input, index);
  return own ? [scaled, centre] : [];
}
