import {
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  TensorProto_DataType as Type,
  type ValueInfoProto,
} from '../gen/onnx/onnx_pb.js';
import { withBodies } from '../model/bodies.js';
import { changed } from '../model/changed.js';
import type { OnnxModel } from '../model/model.js';
import { floatTensor, isFloatType, readFloats } from '../model/tensor.js';

/** Attributes that name the element type of an output. */
const TYPE_ATTRIBUTES: ReadonlySet<string> = new Set(['to', 'dtype', 'output_dtype']);

/**
 * A model whose weights and values are of float16, bfloat16 or double, in float32: gradients of small losses vanish in
 * float16. Its input is float32 then too. A model in float32 is handed back as it is. Shares nodes and tensors with the
 * model.
 */
export function inFloat32(model: OnnxModel): OnnxModel {
  const graph = graphInFloat32(model.graph);
  return graph === model.graph ? model : { ...model, graph };
}

function graphInFloat32(graph: GraphProto): GraphProto {
  const node = graph.node.map(converted);
  const initializer = graph.initializer.map(inFloats);
  const [input, output] = [graph.input.map(valueInFloats), graph.output.map(valueInFloats)];
  const same = [node, initializer, input, output].every((list, k) => {
    const before = [graph.node, graph.initializer, graph.input, graph.output][k];
    return list.every((each, i) => each === before?.[i]);
  });
  return same ? graph : changed(graph, { node, initializer, input, output });
}

/** What a body is given and gives back has a type that is written down. */
function valueInFloats(value: ValueInfoProto): ValueInfoProto {
  const type = value.type?.value;
  if (value.type === undefined || type?.case !== 'tensorType' || !isOther(type.value.elemType)) return value;
  const tensor = changed(type.value, { elemType: Type.FLOAT });
  return changed(value, { type: changed(value.type, { value: { case: 'tensorType', value: tensor } }) });
}

const isOther = (type: number): boolean => type !== Type.FLOAT && isFloatType(type);

function inFloats(tensor: TensorProto): TensorProto {
  return isOther(tensor.dataType) ? floatTensor(tensor.name, tensor.dims.map(Number), readFloats(tensor)) : tensor;
}

function converted(node: NodeProto): NodeProto {
  const attribute = node.attribute.map(convertedAttribute);
  const own = attribute.every((each, i) => each === node.attribute[i]) ? node : changed(node, { attribute });
  return withBodies(own, graphInFloat32);
}

function convertedAttribute(attribute: AttributeProto): AttributeProto {
  if (TYPE_ATTRIBUTES.has(attribute.name) && isOther(Number(attribute.i)))
    return changed(attribute, { i: BigInt(Type.FLOAT) });
  const { t } = attribute;
  return t !== undefined && isOther(t.dataType) ? changed(attribute, { t: inFloats(t) }) : attribute;
}
