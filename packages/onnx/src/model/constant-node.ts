import type { NodeProto, TensorProto } from '../gen/onnx/onnx_pb.js';
import { changed } from './changed.js';
import { floatTensor, intTensor } from './tensor.js';

/** The tensor that a Constant node holds, under its output's name; undefined for texts and sparse tensors. */
export function constantOf(node: NodeProto): TensorProto | undefined {
  const name = node.output[0] ?? '';
  for (const attribute of node.attribute) {
    switch (attribute.name) {
      case 'value':
        return attribute.t === undefined ? undefined : changed(attribute.t, { name });
      case 'value_float':
        return floatTensor(name, [], Float32Array.of(attribute.f));
      case 'value_floats':
        return floatTensor(name, [attribute.floats.length], Float32Array.from(attribute.floats));
      case 'value_int':
        return intTensor(name, attribute.i);
      case 'value_ints':
        return intTensor(name, attribute.ints);
    }
  }
  return undefined;
}
