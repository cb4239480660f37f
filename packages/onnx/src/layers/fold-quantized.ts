import { create } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Type,
} from '../gen/onnx/onnx_pb.js';
import { changed } from '../model/changed.js';
import { type Quantized, quantizedConstant, readQuantized } from '../model/dequantize.js';
import { freeName } from '../model/free-name.js';
import { constantLookup, type OnnxModel } from '../model/model.js';
import { readFloats, tensorOfType } from '../model/tensor.js';
import { attributeOf } from './graph-index.js';
import type { FoundLayer } from './layer.js';

const MAX_INT32 = 2 ** 31 - 1;

/**
 * Puts a scale and a shift per channel into a convolution or linear layer with quantized weights: gamma into the
 * weights' scales, and gamma and beta into those of the bias and its integers, which stay what they are otherwise. The
 * runtime can still compute in integers; the bias alone is rounded, to its own step, that is the input's scale times
 * the weights'. Where gamma is not positive, or the bias leaves the range of int32, or the bias alone is in float, Mul
 * and Add stand behind the node instead, and the runtime computes this one in float. Changes the model.
 *
 * @returns false if the weights are not quantized: nothing was done
 */
export function foldQuantized(model: OnnxModel, layer: FoundLayer, gamma: Float32Array, beta: Float32Array): boolean {
  const { graph } = model;
  const constant = constantLookup(graph);
  const behind = (i: number): Quantized | undefined => {
    const node = graph.node.find(({ output }) => output[0] === layer.node.input[i]);
    return node && quantizedConstant(node, constant);
  };
  const weight = behind(1);
  if (weight === undefined) return behind(2) !== undefined && insert(model, layer, gamma, beta, Type.FLOAT);
  if (gamma.every((value) => value === 1) && beta.every((value) => value === 0)) return true;
  const bias = behind(2);
  const shifted = bias && shiftedBias(layer, bias, gamma, beta);
  const across = layer.node.opType === 'Gemm' && (attributeOf(layer.node, 'transB')?.i ?? 0n) === 0n;
  const byChannel = weight.scale.dims.length === 0 || weight.axis === (across ? 1 : 0);
  if (bias === undefined || shifted === undefined || !byChannel || model.opset < 13) {
    return insert(model, layer, gamma, beta, weight.scale.dataType);
  }
  const folded = [
    dequantized(model, `${layer.name}/weight`, { ...weight, axis: across ? 1 : 0 }, gamma),
    dequantized(model, `${layer.name}/bias`, { ...bias, axis: 0, tensor: shifted }, gamma),
  ];
  graph.node.splice(graph.node.indexOf(layer.node), 0, ...folded);
  layer.node.input.splice(1, 2, ...folded.map(({ output }) => output[0] as string));
  return true;
}

/** round(b + beta / (scale gamma)), to be read in steps of scale gamma; undefined where that cannot be. */
function shiftedBias(
  { name, node, channels }: FoundLayer,
  { tensor, values, scale, zeroPoint }: Quantized,
  gamma: Float32Array,
  beta: Float32Array,
): TensorProto | undefined {
  const zeros = Array.from((zeroPoint && readQuantized(zeroPoint)) ?? []);
  if (tensor.dataType !== Type.INT32 || values.length !== channels || zeros.some((zero) => zero !== 0))
    return undefined;
  const scales = readFloats(scale);
  // A Gemm multiplies its bias by an attribute; the shift must come out as it is.
  const factor = node.opType === 'Gemm' ? (attributeOf(node, 'beta')?.f ?? 1) : 1;
  const steps = Array.from(beta, (shift, i) => {
    const step = (scales[scales.length === 1 ? 0 : i] as number) * (gamma[i] as number);
    return (values[i] as number) + Math.round(shift / factor / step);
  });
  if (gamma.some((value) => !(value > 0)) || steps.some((value) => !(Math.abs(value) <= MAX_INT32))) return undefined;
  const rawData = new Uint8Array(Int32Array.from(steps).buffer);
  return create(TensorProtoSchema, {
    name: `${name}/bias/quantized`,
    dims: [BigInt(channels)],
    dataType: Type.INT32,
    rawData,
  });
}

/** A DequantizeLinear by channel, whose scales are multiplied by gamma. */
function dequantized({ graph }: OnnxModel, wish: string, from: Quantized, gamma: Float32Array): NodeProto {
  const { tensor, scale, zeroPoint, axis } = from;
  const old = readFloats(scale);
  const scales = gamma.map((value, i) => value * (old[old.length === 1 ? 0 : i] as number));
  const name = freeName(graph, wish);
  const tensors = [tensor, tensorOfType(scale.dataType, `${wish}/scale`, [gamma.length], scales)];
  if (zeroPoint !== undefined) tensors.push(inEveryChannel(zeroPoint, `${wish}/zero_point`, gamma.length));
  const input = tensors.map((each) => (graph.initializer.includes(each) ? each.name : added(graph, each)));
  const attribute = [create(AttributeProtoSchema, { name: 'axis', type: AttributeType.INT, i: BigInt(axis) })];
  return create(NodeProtoSchema, { opType: 'DequantizeLinear', name, input, output: [name], attribute });
}

/** Adds an initializer. @returns its name */
function added(graph: GraphProto, tensor: TensorProto): string {
  const name = freeName(graph, tensor.name);
  graph.initializer.push(changed(tensor, { name }));
  return name;
}

/** A zero point, which must have the shape of its scale. */
function inEveryChannel(zeroPoint: TensorProto, name: string, channels: number): TensorProto {
  const missing = channels / zeroPoint.dims.reduce((product, dim) => product * Number(dim), 1);
  const repeat = (list: Iterable<number>): number[] => Array.from({ length: missing }, () => [...list]).flat();
  return create(TensorProtoSchema, {
    name,
    dims: [BigInt(channels)],
    dataType: zeroPoint.dataType,
    // A field that is there and empty would count as the data.
    ...(zeroPoint.rawData.length > 0
      ? { rawData: Uint8Array.from(repeat(zeroPoint.rawData)) }
      : { int32Data: repeat(zeroPoint.int32Data) }),
  });
}

/** Mul and Add behind a node; neither where it would change nothing. */
function insert(
  model: OnnxModel,
  { name, node }: FoundLayer,
  gamma: Float32Array,
  beta: Float32Array,
  type: number,
): true {
  const constant = constantLookup(model.graph);
  const weight = node.input[1] ?? '';
  const source = model.graph.node.find(({ output }) => output[0] === weight)?.input[0] ?? weight;
  const rank = node.opType === 'Gemm' ? 2 : (constant(source)?.dims.length ?? 4);
  const dims = [gamma.length, ...new Array<number>(rank - 2).fill(1)];
  const result = node.output[0] ?? '';
  const steps = [
    { opType: 'Mul', values: gamma, neutral: 1, key: `${name}/gamma` },
    { opType: 'Add', values: beta, neutral: 0, key: `${name}/beta` },
  ].filter(({ values, neutral }) => values.some((value) => value !== neutral));
  if (steps.length === 0) return true;
  // Its key must not change with its output's name.
  node.name = name;
  const between = steps.map(({ key }) => freeName(model.graph, `${key}/input`));
  node.output[0] = between[0] as string;
  const inserted = steps.map(({ opType, values, key }, i) => {
    const input = [between[i] as string, added(model.graph, tensorOfType(type, key, dims, values))];
    return create(NodeProtoSchema, { opType, name: key, input, output: [between[i + 1] ?? result] });
  });
  model.graph.node.splice(model.graph.node.indexOf(node) + 1, 0, ...inserted);
  return true;
}
