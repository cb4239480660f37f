import { fromBinary } from '@bufbuild/protobuf';
import { OnnxError } from '../errors.js';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  TensorProto_DataType,
  type ValueInfoProto,
} from '../gen/onnx/onnx_pb.js';
import { bodiesOf } from './bodies.js';
import { changed } from './changed.js';
import { checkTensor, firstMisplaced } from './check-graph.js';
import { constantOf } from './constant-node.js';
import {
  type ExternalDataReader,
  hasOutside,
  internalized,
  type ModelFileOptions,
  type ModelFiles,
  modelFiles,
} from './external-data.js';
import { modelBytes } from './model-bytes.js';
import { inStandardForm } from './standard-form.js';

/**
 * What a model is fed: numbers, bytes, or token ids. Training graphs take float32 where a model takes another floating
 * type.
 */
export type InputType = 'float32' | 'float16' | 'bfloat16' | 'float64' | 'uint8' | 'int64' | 'int32';

/**
 * An ONNX model that has been read and has one graph with nodes, one input of a floating type and an output. Do not
 * change `proto`.
 */
export interface OnnxModel {
  /** What messages call it: the file's name, usually. */
  readonly name: string;
  readonly proto: ModelProto;
  readonly graph: GraphProto;
  /** Version of the default operator set. */
  readonly opset: number;
  /** The image, not the weights that some exporters list as inputs too. */
  readonly input: ValueInfoProto;
  readonly inputType: InputType;
  /** The logits: the first output. */
  readonly output: ValueInfoProto;
}

/** What a model needs besides its own bytes. */
export interface ParseOptions {
  /** Hands over weights that the model keeps in other files. */
  readonly externalData?: ExternalDataReader;
}

/**
 * Reads a model.
 *
 * @param bytes the ONNX file
 * @param name what error messages call it
 * @throws OnnxError ONNX_NOT_A_MODEL: empty, truncated or something else; ONNX_UNSUPPORTED: no single input of a
 *   floating type, or weights in another file
 */
export function parseModel(bytes: Uint8Array, name = 'the model', { externalData }: ParseOptions = {}): OnnxModel {
  if (bytes.length === 0) throw notAModel(name, 'it is empty');
  let proto: ModelProto;
  try {
    // A plain view: of a Buffer, every bytes field would be a Buffer too, whose slice does not copy.
    proto = fromBinary(ModelProtoSchema, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw notAModel(
      name,
      `its ${bytes.length} bytes do not decode (${cause instanceof Error ? cause.message : cause})`,
      cause,
    );
  }
  const graph = proto.graph && internalized(proto.graph, name, externalData);
  return checkModel(changed(proto, graph && { graph }), name);
}

/** Whether a file says that it keeps weights in other files. False for what is no model. */
export function hasExternalData(bytes: Uint8Array): boolean {
  try {
    const { graph } = fromBinary(ModelProtoSchema, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return graph !== undefined && hasOutside(graph);
  } catch {
    return false;
  }
}

/** The bytes of an ONNX file. @throws RangeError: more than a protobuf message may have; see serializeFiles */
export function serializeModel(model: OnnxModel): Uint8Array {
  return modelBytes(model.proto);
}

/** A model as files: a second one holds the weights where the whole would pass 2 GiB. */
export const serializeFiles = (model: OnnxModel, options: ModelFileOptions = {}): ModelFiles =>
  modelFiles(model.proto, options);

/** A copy whose nodes, outputs and lists may be changed before it is checked again. The tensors are the model's own. */
export function copyProto({ proto, graph }: OnnxModel): { proto: ModelProto; graph: GraphProto } {
  const copy = changed(graph, {
    node: graph.node.map((node) => changed(node, { input: [...node.input], output: [...node.output] })),
    initializer: [...graph.initializer],
    input: [...graph.input],
    output: graph.output.map((output) => changed(output)),
  });
  return { proto: changed(proto, { graph: copy }), graph: copy };
}

/** Makes a model of a message. @throws as parseModel */
export function checkModel(message: ModelProto, name: string): OnnxModel {
  const unsupported = (why: string) => new OnnxError('ONNX_UNSUPPORTED', `${name} ${why}.`);
  if (message.graph === undefined) throw notAModel(name, 'it has no graph');
  if (message.opsetImport.length === 0) throw notAModel(name, 'it names no operator set');
  if (message.graph.output.length === 0) throw notAModel(name, 'it has no input or no output');
  checkTensors(message.graph, name);
  const proto = inStandardForm(message);
  const graph = proto.graph as GraphProto;
  if (graph.node.length === 0) {
    // What is handed on as it is makes a model, though not one of use.
    const given = new Set([...graph.input, ...graph.initializer].map((each) => each.name));
    if (graph.output.some((each) => !given.has(each.name))) throw notAModel(name, 'it has no graph');
    throw unsupported('computes nothing: its graph has no nodes; export a classifier');
  }
  const opset = Number(proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0n);
  if (opset === 0)
    throw unsupported(
      "uses no operator of ONNX's default operator set; export a neural network, with its operator set",
    );
  const misplaced = firstMisplaced(graph);
  if (misplaced !== undefined) throw notAModel(name, misplaced);
  const initialized = new Set(graph.initializer.map((tensor) => tensor.name));
  const inputs = graph.input.filter((input) => !initialized.has(input.name));
  const [input] = inputs;
  const [output] = graph.output;
  if (input === undefined || output === undefined)
    throw unsupported('has no input; export a classifier that takes its image as one');
  if (inputs.length > 1) {
    const names = inputs.map((each) => each.name).join(', ');
    throw unsupported(`takes ${inputs.length} inputs (${names}); a model with one input is needed`);
  }
  const type = input.type?.value;
  const elements = type?.case === 'tensorType' ? type.value.elemType : TensorProto_DataType.UNDEFINED;
  const inputType = INPUT_TYPES[elements];
  if (inputType === undefined) {
    throw unsupported(
      `takes an input "${input.name}" that is neither of a floating type nor uint8, int64 or int32; export it in float32, with bytes, or with token ids`,
    );
  }
  return { name, proto, graph, opset, input, inputType, output };
}

const INPUT_TYPES: Readonly<Partial<Record<number, InputType>>> = {
  [TensorProto_DataType.FLOAT]: 'float32',
  [TensorProto_DataType.FLOAT16]: 'float16',
  [TensorProto_DataType.BFLOAT16]: 'bfloat16',
  [TensorProto_DataType.DOUBLE]: 'float64',
  [TensorProto_DataType.UINT8]: 'uint8',
  [TensorProto_DataType.INT64]: 'int64',
  [TensorProto_DataType.INT32]: 'int32',
};

/** A truncated file can still decode, with its last tensor cut short; a large one may keep its weights elsewhere. */
function checkTensors(graph: GraphProto, name: string): void {
  const check = (tensor: TensorProto | undefined): void => {
    if (tensor !== undefined) checkTensor(tensor, (why) => notAModel(name, why));
  };
  graph.initializer.forEach(check);
  for (const { values, indices } of graph.sparseInitializer) for (const part of [values, indices]) check(part);
  for (const node of graph.node) {
    for (const { t } of node.attribute) check(t);
    for (const body of bodiesOf(node)) checkTensors(body, name);
  }
}

/** The shape of a value: a number, or the name of an axis whose size varies. */
export function shapeOf(value: ValueInfoProto): (number | string)[] {
  const type = value.type?.value;
  const dims = type?.case === 'tensorType' ? (type.value.shape?.dim ?? []) : [];
  return dims.map(({ value: dim }, axis) => {
    // Some exporters write an open size as -1 or 0.
    if (dim.case === 'dimValue' && dim.value > 0n) return Number(dim.value);
    return dim.case === 'dimParam' && dim.value !== '' ? dim.value : `axis${axis}`;
  });
}

/**
 * Finds the initializer behind a tensor's name, through Identity nodes, with which exporters share equal initializers.
 */
export function constantLookup(graph: GraphProto): (name: string) => TensorProto | undefined {
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const producers = new Map<string, NodeProto>();
  for (const node of graph.node) for (const output of node.output) producers.set(output, node);
  return (name) => {
    let at = name;
    for (let node = producers.get(at); node?.opType === 'Identity' && node.domain === ''; node = producers.get(at))
      at = node.input[0] ?? '';
    const node = producers.get(at);
    if (node?.opType === 'Constant' && node.domain === '') return constantOf(node);
    return tensors.get(at);
  };
}

function notAModel(name: string, why: string, cause?: unknown): OnnxError {
  return new OnnxError('ONNX_NOT_A_MODEL', `${name} is not an ONNX model: ${why}. Export it again, or copy it again.`, {
    cause,
  });
}
