import { OnnxError } from '../errors.js';
import type { NodeProto } from '../gen/onnx/onnx_pb.js';
import type { OnnxModel } from '../model/model.js';
import { nameOf, typeOf } from '../model/node.js';
import { channelAffineLayer } from './channel-affine.js';
import { distributedLayer } from './distributed.js';
import { indexGraph } from './graph-index.js';
import { describeLayer, type FoundLayer, type NormalizationLayer } from './layer.js';
import { operatorLayer } from './operators.js';
import { patternLayer } from './patterns.js';
import { scaleShiftLayers } from './scale-shift.js';

/** Layers that can be adapted, in graph order. May be none. */
export function findLayers(model: OnnxModel): FoundLayer[] {
  const index = indexGraph(model);
  const patterns = index.nodes.flatMap((node) => patternLayer(node, index) ?? distributedLayer(node, index) ?? []);
  const insidePatterns = new Set(
    patterns.filter(({ kind }) => kind === 'GroupNormalization').map(({ node }) => instanceBehind(node, index)),
  );
  const operators = index.nodes.flatMap((node) => (insidePatterns.has(node) ? [] : (operatorLayer(node, index) ?? [])));
  const normalizing = [...patterns, ...operators];
  const known = new Set(normalizing.map(({ node }) => node));
  // Where another kind is, a scale and a shift are its own.
  const affine = normalizing.every(({ kind }) => kind === 'BatchNormalization')
    ? index.nodes.flatMap((node) => (known.has(node) ? [] : (channelAffineLayer(node, index) ?? [])))
    : [];
  const found = [...normalizing, ...affine];
  // Only BatchNormalization is ever folded: where another kind is, a convolution's bias is its own.
  const inserted = found.every(({ kind }) => kind === 'BatchNormalization' || kind === 'Affine')
    ? scaleShiftLayers(index, model.output.name, new Set(found.map(({ node }) => node)))
    : [];
  const position = new Map(index.nodes.map((node, i) => [node, i]));
  return [...found, ...inserted].sort((a, b) => (position.get(a.node) ?? 0) - (position.get(b.node) ?? 0));
}

/** The InstanceNormalization that normalises by groups for a scale outside of it. */
function instanceBehind(scale: NodeProto, { producer }: ReturnType<typeof indexGraph>): NodeProto | undefined {
  const sources = scale.input.map((name) => producer(producer(name)?.input[0] ?? ''));
  return sources.find((node) => node?.opType === 'InstanceNormalization');
}

/**
 * The layers of a model that can be adapted, in graph order.
 *
 * @throws OnnxError ONNX_NO_NORMALIZATION: there is none; ONNX_UNSUPPORTED: the model was exported in training mode
 */
export const normalizationLayers = (model: OnnxModel): NormalizationLayer[] => requireLayers(model).map(describeLayer);

/**
 * Whether a node normalises by its batch and not by the running statistics: what an export in training mode leaves
 * behind.
 */
export const inTrainingMode = (node: NodeProto): boolean =>
  typeOf(node) === 'BatchNormalization' && node.attribute.some(({ name, i }) => name === 'training_mode' && i !== 0n);

/** Operators that compute in integers: onnxruntime's QuantFormat.QOperator, and its dynamic quantization. */
const INTEGER_OPERATORS: ReadonlySet<string> = new Set(
  'QLinearConv QLinearMatMul ConvInteger MatMulInteger QGemm DynamicQuantizeLinear DynamicQuantizeMatMul'.split(' '),
);

/**
 * @throws OnnxError ONNX_NO_NORMALIZATION, ONNX_UNSUPPORTED: exported in training mode, or quantized in the
 * operator-oriented format
 */
export function requireLayers(model: OnnxModel): FoundLayer[] {
  const training = model.graph.node.find(inTrainingMode);
  if (training !== undefined) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `"${nameOf(training)}" in ${model.name} normalises by its batch, because the model was in training mode when it was exported; call model.eval() and export it again.`,
    );
  }
  const integer = model.graph.node.find(({ opType }) => INTEGER_OPERATORS.has(opType));
  if (integer !== undefined) {
    throw new OnnxError(
      'ONNX_UNSUPPORTED',
      `"${nameOf(integer)}" in ${model.name} is a ${integer.opType}: the model was quantized in the operator-oriented format, which no gradient passes; quantize it with QuantFormat.QDQ.`,
    );
  }
  const layers = findLayers(model);
  if (layers.length > 0) return layers;
  throw new OnnxError(
    'ONNX_NO_NORMALIZATION',
    `${model.name} has nothing to adapt: no BatchNormalization, LayerNormalization, GroupNormalization, InstanceNormalization or RMSNormalization with constant parameters, and no convolution with a bias, behind which a scale and a shift could be inserted.`,
  );
}
