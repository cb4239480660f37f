import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import { readFloats } from '../model/tensor.js';
import { attributeOf, type GraphIndex } from './graph-index.js';
import type { FoundLayer, LayerKind, Parameter, Role } from './layer.js';

/** Operators that normalise, and the inputs that hold their parameters. */
const OPERATORS: Readonly<Partial<Record<string, { kind: LayerKind; roles: readonly Role[]; needed: number }>>> = {
  BatchNormalization: { kind: 'BatchNormalization', roles: ['gamma', 'beta', 'mean', 'variance'], needed: 4 },
  LayerNormalization: { kind: 'LayerNormalization', roles: ['gamma', 'beta'], needed: 1 },
  GroupNormalization: { kind: 'GroupNormalization', roles: ['gamma', 'beta'], needed: 2 },
  InstanceNormalization: { kind: 'InstanceNormalization', roles: ['gamma', 'beta'], needed: 2 },
  RMSNormalization: { kind: 'RMSNormalization', roles: ['gamma'], needed: 1 },
};

/** The layer that an operator is, if it is one and its parameters are constants. */
export function operatorLayer(node: NodeProto, index: GraphIndex): FoundLayer | undefined {
  const operator = OPERATORS[node.opType];
  if (operator === undefined) return undefined;
  const parameters = operator.roles.flatMap((role, i): Parameter[] => {
    const tensor = index.constant(node.input[i + 1] ?? '');
    if (tensor === undefined) return [];
    return [{ role, values: readFloats(tensor), dims: tensor.dims.map(Number), at: { node, index: i + 1 } }];
  });
  if (parameters.length < operator.needed) return undefined;
  return {
    name: index.nameOf(node),
    kind: operator.kind,
    channels: parameters[0]?.values.length ?? 0,
    epsilon: attributeOf(node, 'epsilon')?.f ?? 1e-5,
    roles: parameters.map(({ role }) => role),
    node,
    parameters,
  };
}
