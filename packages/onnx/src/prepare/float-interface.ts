import { TensorProto_DataType as Type } from '../gen/onnx/onnx_pb.js';
import { withCaptured } from '../model/bodies.js';
import { changed } from '../model/changed.js';
import { freeName } from '../model/free-name.js';
import { checkModel, type InputType, type OnnxModel } from '../model/model.js';
import { isFloatType } from '../model/tensor.js';
import { describedValue, editable, int, nodeOf, type Prepared } from './rewrite.js';

const CAST: Readonly<Partial<Record<InputType, number>>> = {
  float16: Type.FLOAT16,
  bfloat16: Type.BFLOAT16,
  float64: Type.DOUBLE,
  uint8: Type.UINT8,
  int64: Type.INT64,
  int32: Type.INT32,
};

/**
 * The model with a float32 input and a float32 output, where it takes another floating type, bytes, or token ids: a
 * Cast stands at either end. Bytes are given as 0 to 255, token ids as whole numbers, which float32 holds up to 2^24.
 */
export function floatInterface(model: OnnxModel): Prepared {
  const type = CAST[model.inputType];
  const given = model.output.type?.value;
  const result = given?.case === 'tensorType' ? given.value.elemType : Type.FLOAT;
  const output = result !== Type.FLOAT && isFloatType(result);
  if (type === undefined && !output) return { model, changes: [] };
  const { proto, graph } = editable(model);
  const changes: string[] = [];
  if (type !== undefined) {
    const { name } = model.input;
    const inside = freeName(graph, `${name}/${model.inputType}`);
    const names = new Map([[name, inside]]);
    graph.node = graph.node.map((node) =>
      changed(withCaptured(node, names), { input: node.input.map((each) => names.get(each) ?? each) }),
    );
    graph.node.unshift(nodeOf('Cast', [name], inside, [int('to', type)]));
    graph.input = graph.input.map((value) =>
      value.name === name ? describedValue(value, { elemType: Type.FLOAT }) : value,
    );
    changes.push(`takes float32 where it took ${model.inputType}`);
  }
  if (output) {
    const { name } = model.output;
    const float = freeName(graph, `${name}/float32`);
    graph.node.push(nodeOf('Cast', [name], float, [int('to', Type.FLOAT)]));
    graph.output = graph.output.map((value) =>
      value.name === name ? describedValue(value, { name: float, elemType: Type.FLOAT }) : value,
    );
    changes.push(`gives float32 where it gave ${Type[result]?.toLowerCase()}`);
  }
  return { model: checkModel(proto, model.name), changes };
}
