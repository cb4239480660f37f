import { type GraphProto, TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { constantOf } from './constant-node.js';
import { typeOf as operatorOf } from './node.js';

/** Operators whose first input is of another type than what they give. */
const TYPED_BY_SECOND: ReadonlySet<string> = new Set(['CastLike', 'Where', 'DequantizeLinear']);

/**
 * Looks up the type in which a node reads a value: that of the tensor or input that it comes from, or of the last Cast
 * on the way.
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
    const operator = node && operatorOf(node);
    if (node !== undefined && operator === 'Cast')
      return Number(node.attribute.find((each) => each.name === 'to')?.i ?? Type.FLOAT);
    const held = node !== undefined && operator === 'Constant' ? constantOf(node) : undefined;
    if (held !== undefined || node === undefined) return held?.dataType ?? Type.FLOAT;
    return typeOf(node.input[TYPED_BY_SECOND.has(operator ?? '') ? 1 : 0] ?? '');
  };
  return typeOf;
}
