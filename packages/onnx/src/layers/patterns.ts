import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import { readFloats } from '../model/tensor.js';
import { attributeOf, axesOf, constantRead, elementsOf, type GraphIndex } from './graph-index.js';
import type { FoundLayer, Fused, LayerKind, Parameter, Role } from './layer.js';

/** A value that was normalised by primitive operators, before its scale and shift. */
interface Normalised {
  readonly kind: LayerKind;
  readonly epsilon: number;
  /** The value that was normalised, where its mean was taken off. */
  readonly input?: string;
  /** Set for what the operator LayerNormalization computes: the first of the last axes, counted from the end. */
  readonly axis?: number;
}

/**
 * The layer whose scale a node applies, if the node multiplies a normalised value by a constant: how exporters write
 * LayerNormalization before opset 17, RMSNormalization before 23 and GroupNormalization before 21.
 *
 *   LayerNormalization  (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * gamma + beta
 *   RMSNormalization    x / sqrt(mean(x^2) + epsilon) * gamma
 *   GroupNormalization  Reshape(InstanceNormalization(Reshape(x))) * gamma + beta
 */
export function patternLayer(node: NodeProto, index: GraphIndex): FoundLayer | undefined {
  if (node.opType !== 'Mul') return undefined;
  const gamma = parameter(node, 'gamma', index);
  const other = gamma === undefined ? undefined : node.input[1 - gamma.operand];
  const normalised = other === undefined ? undefined : recognise(other, index);
  if (gamma === undefined || normalised === undefined) return undefined;
  const [next, ...rest] = index.consumers(node.output[0] ?? '');
  const add = next?.opType === 'Add' && rest.length === 0 ? next : undefined;
  const shift = add === undefined ? undefined : parameter(add, 'beta', index);
  const beta = shift?.values.length === gamma.values.length ? shift : undefined;
  const parameters = beta === undefined ? [gamma] : [gamma, beta];
  const last = beta === undefined ? node : (add as NodeProto);
  return {
    name: index.nameOf(node),
    kind: normalised.kind,
    channels: gamma.values.length,
    epsilon: normalised.epsilon,
    roles: parameters.map(({ role }) => role),
    node,
    parameters,
    ...fused(normalised, gamma, last),
  };
}

/**
 * Not where the scale lies along other axes than those that were normalised over: the operator has no place for that.
 */
export function fused({ input, axis }: Normalised, gamma: Parameter, last: NodeProto): { fused?: Fused } {
  const begin = gamma.dims.findIndex((size) => size !== 1);
  if (input === undefined || axis === undefined || gamma.dims.length - begin !== -axis) return {};
  return { fused: { type: 'LayerNormalization', input, axis, output: last.output[0] ?? '' } };
}

/** The operand of a node that is a constant with a value for each channel. */
export function parameter(
  node: NodeProto,
  role: Role,
  index: GraphIndex,
): (Parameter & { readonly operand: number }) | undefined {
  for (const operand of node.input.keys()) {
    const found = constantRead(node, operand, index);
    if (found === undefined || elementsOf(found.tensor) < 2) continue;
    const { tensor, at } = found;
    return { role, values: readFloats(tensor), dims: tensor.dims.map(Number), at, operand };
  }
  return undefined;
}

function recognise(name: string, index: GraphIndex): Normalised | undefined {
  const node = index.producer(name);
  if (node === undefined) return undefined;
  if (node.opType === 'Reshape') return byGroups(index.producer(node.input[0] ?? ''), index);
  if (node.opType === 'Div') return byDeviation(node.input[0] ?? '', deviation(node.input[1] ?? '', index), index);
  if (node.opType !== 'Mul') return undefined;
  const [a = '', b = ''] = node.input;
  return byDeviation(a, inverseDeviation(b, index), index) ?? byDeviation(b, inverseDeviation(a, index), index);
}

/** The operator's own scale and shift do nothing where another scale stands behind the groups. */
function byGroups(node: NodeProto | undefined, index: GraphIndex): Normalised | undefined {
  if (node?.opType !== 'InstanceNormalization') return undefined;
  const [, scale = '', shift = ''] = node.input;
  if (!isFilledWith(1, scale, index) || !isFilledWith(0, shift, index)) return undefined;
  return { kind: 'GroupNormalization', epsilon: attributeOf(node, 'epsilon')?.f ?? 1e-5 };
}

/** Whether a constant has one value everywhere; exporters may repeat it in the graph. */
function isFilledWith(value: number, name: string, index: GraphIndex): boolean {
  const tensor = index.constant(name);
  if (tensor !== undefined) return readFloats(tensor).every((each) => each === value);
  const expand = index.producer(name);
  return expand?.opType === 'Expand' && isFilledWith(value, expand.input[0] ?? '', index);
}

/** sqrt(mean(of^2) + epsilon) */
interface Deviation {
  readonly of: string;
  readonly epsilon: number;
  readonly axes: readonly number[];
}

/** numerator / deviation is normalised if the deviation is the numerator's own. */
export function byDeviation(
  numerator: string,
  deviation: Deviation | undefined,
  index: GraphIndex,
): Normalised | undefined {
  if (deviation === undefined || !sameValue(numerator, deviation.of, index)) return undefined;
  const { epsilon, axes } = deviation;
  const centred = index.producer(numerator);
  const mean = centred?.opType === 'Sub' ? index.producer(centred.input[1] ?? '') : undefined;
  const input = centred?.input[0];
  const centredOver = mean === undefined ? undefined : meanAxes(mean, index);
  const own = input !== undefined && sameValue(mean?.input[0] ?? '', input, index);
  if (!own || centredOver?.join() !== axes.join()) {
    return { kind: 'RMSNormalization', epsilon };
  }
  const first = Math.min(...axes);
  const trailing = -first === axes.length && axes.every((axis, i) => axis === first + i);
  return trailing
    ? { kind: 'LayerNormalization', epsilon, input, axis: first }
    : { kind: 'LayerNormalization', epsilon, input };
}

export function inverseDeviation(name: string, index: GraphIndex): Deviation | undefined {
  const node = index.producer(name);
  if (node?.opType === 'Reciprocal') return deviation(node.input[0] ?? '', index);
  if (node?.opType === 'Div' && scalar(node.input[0] ?? '', index) === 1) return deviation(node.input[1] ?? '', index);
  if (node?.opType === 'Pow' && scalar(node.input[1] ?? '', index) === -0.5)
    return shiftedMeanSquare(node.input[0] ?? '', index);
  return undefined;
}

function deviation(name: string, index: GraphIndex): Deviation | undefined {
  const node = index.producer(name);
  if (node?.opType === 'Pow' && scalar(node.input[1] ?? '', index) === 0.5)
    return shiftedMeanSquare(node.input[0] ?? '', index);
  return node?.opType === 'Sqrt' ? shiftedMeanSquare(node.input[0] ?? '', index) : undefined;
}

function shiftedMeanSquare(name: string, index: GraphIndex): Deviation | undefined {
  const add = index.producer(name);
  if (add?.opType !== 'Add') return undefined;
  const [a = '', b = ''] = add.input;
  const epsilon = scalar(b, index) ?? scalar(a, index);
  const mean = index.producer(scalar(b, index) === undefined ? b : a);
  const axes = mean === undefined ? undefined : meanAxes(mean, index);
  const square = index.producer(mean?.input[0] ?? '');
  const [of = '', by = ''] = square?.input ?? [];
  const squared =
    (square?.opType === 'Pow' && scalar(by, index) === 2) || (square?.opType === 'Mul' && sameValue(of, by, index));
  return squared && epsilon !== undefined && axes !== undefined ? { of, epsilon, axes } : undefined;
}

/** The axes of a mean that keeps them, in order. */
function meanAxes(node: NodeProto, index: GraphIndex): readonly number[] | undefined {
  if (node.opType !== 'ReduceMean' || attributeOf(node, 'keepdims')?.i === 0n) return undefined;
  return axesOf(node, index)?.toSorted((a, b) => a - b);
}

/** Exporters may compute one value twice: x - mean(x) for the numerator and again for the variance. */
export function sameValue(a: string, b: string, index: GraphIndex): boolean {
  if (a === b) return true;
  const [x, y] = [index.producer(a), index.producer(b)];
  if (x === undefined || y === undefined) return false;
  if (x === y) return true;
  return (
    x.opType === 'Sub' && y.opType === 'Sub' && x.input[0] === y.input[0] && sameMean(x.input[1], y.input[1], index)
  );
}

function sameMean(a: string | undefined, b: string | undefined, index: GraphIndex): boolean {
  const [x, y] = [index.producer(a ?? ''), index.producer(b ?? '')];
  if (x === undefined || y === undefined) return false;
  const axes = meanAxes(x, index)?.join();
  return x === y || (axes !== undefined && axes === meanAxes(y, index)?.join() && x.input[0] === y.input[0]);
}

function scalar(name: string, { constant }: GraphIndex): number | undefined {
  const tensor = constant(name);
  return tensor !== undefined && elementsOf(tensor) === 1 && [1, 10, 11, 16].includes(tensor.dataType)
    ? readFloats(tensor)[0]
    : undefined;
}
