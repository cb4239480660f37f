import {
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  TensorProto_DataType as Type,
} from '../gen/onnx/onnx_pb.js';
import { changed } from '../model/changed.js';
import { constantOf } from '../model/constant-node.js';
import type { OnnxModel } from '../model/model.js';
import { floatTensor, isFloatType, readFloats } from '../model/tensor.js';

/** Attributes that name the element type of an output. */
const TYPE_ATTRIBUTES: ReadonlySet<string> = new Set(['to', 'dtype', 'output_dtype']);

/**
 * A model whose weights and values are of float16, bfloat16 or double, in float32: gradients of small losses vanish in float16. Its
 * input is float32 then too. A model in float32 is handed back as it is. Shares nodes and tensors with the model.
 */
export function inFloat32(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const node = graph.node.map(converted);
  const initializer = graph.initializer.map(inFloats);
  const changed =
    node.some((each, i) => each !== graph.node[i]) || initializer.some((each, i) => each !== graph.initializer[i]);
  return changed ? { ...model, graph: { ...graph, node, initializer } } : model;
}

const isOther = (type: number): boolean => type !== Type.FLOAT && isFloatType(type);

function inFloats(tensor: TensorProto): TensorProto {
  return isOther(tensor.dataType) ? floatTensor(tensor.name, tensor.dims.map(Number), readFloats(tensor)) : tensor;
}

function converted(node: NodeProto): NodeProto {
  const attribute = node.attribute.map(convertedAttribute);
  return attribute.every((each, i) => each === node.attribute[i]) ? node : changed(node, { attribute });
}

function convertedAttribute(attribute: AttributeProto): AttributeProto {
  if (TYPE_ATTRIBUTES.has(attribute.name) && isOther(Number(attribute.i)))
    return changed(attribute, { i: BigInt(Type.FLOAT) });
  const { t } = attribute;
  return t !== undefined && isOther(t.dataType) ? changed(attribute, { t: inFloats(t) }) : attribute;
}

/**
 * Looks up the type in which a node reads a value: that of the tensor or input that it comes from, or of the last Cast on the way.
 */
export function typeLookup(graph: GraphProto): (name: string) => number {
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor.dataType]));
  const producers = new Map(graph.node.flatMap((node) => node.output.map((output) => [output, node] as const)));
  const inputs = new Map(graph.input.map(({ name, type }) => [name, type?.value]));
  const typeOf = (name: string): number => {
    const input = inputs.get(name);
    const known = tensors.get(name) ?? (input?.case === 'tensorType' ? input.value.elemType : undefined);
    if (known !== undefined) return known;
    const node = producers.get(name);
    if (node?.opType === 'Cast') return Number(node.attribute.find((each) => each.name === 'to')?.i ?? Type.FLOAT);
    const held = node?.opType === 'Constant' ? constantOf(node) : undefined;
    if (held !== undefined || node === undefined) return held?.dataType ?? Type.FLOAT;
    return typeOf(node.input[node.opType === 'CastLike' ? 1 : 0] ?? '');
  };
  return typeOf;
}
