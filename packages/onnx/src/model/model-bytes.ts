import { clearField, toBinary } from '@bufbuild/protobuf';
import {
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from '../gen/onnx/onnx_pb.js';
import { changed } from './changed.js';

/** Field numbers of onnx.proto, each with the wire type of a length-delimited field. */
const GRAPH_OF_MODEL = (7 << 3) | 2;
const INITIALIZER_OF_GRAPH = (5 << 3) | 2;
const RAW_DATA_OF_TENSOR = (9 << 3) | 2;

/**
 * The bytes of an ONNX file. Weights are copied once, into their place: the general encoder copies them at every level,
 * which for a model of hundreds of megabytes takes longer than all else.
 */
export function modelBytes(proto: ModelProto): Uint8Array {
  const { graph } = proto;
  if (graph === undefined) return toBinary(ModelProtoSchema, proto);
  const tensors = graph.initializer.flatMap(fieldOf);
  const rest = toBinary(GraphProtoSchema, changed(graph, { initializer: [] }));
  const inner = [rest, ...tensors];
  const outer = toBinary(ModelProtoSchema, withoutGraph(proto));
  return joined([outer, head(GRAPH_OF_MODEL, lengthOf(inner)), ...inner]);
}

function withoutGraph(proto: ModelProto): ModelProto {
  const rest = changed(proto, {});
  clearField(rest, ModelProtoSchema.field.graph);
  return rest;
}

/** An initializer as a field of its graph: its description, then its weights as they are. */
function fieldOf(tensor: TensorProto): Uint8Array[] {
  const { rawData } = tensor;
  const bare = changed(tensor, {});
  clearField(bare, TensorProtoSchema.field.rawData);
  const description = toBinary(TensorProtoSchema, bare);
  const inner = rawData.length === 0 ? [description] : [description, head(RAW_DATA_OF_TENSOR, rawData.length), rawData];
  return [head(INITIALIZER_OF_GRAPH, lengthOf(inner)), ...inner];
}

/** A tag and a length, as varints. */
function head(tag: number, length: number): Uint8Array {
  const bytes = [tag];
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
