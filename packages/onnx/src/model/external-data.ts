import { clearField, create } from '@bufbuild/protobuf';
import { OnnxError } from '../errors.js';
import {
  type GraphProto,
  TensorProto_DataLocation as Location,
  type ModelProto,
  type NodeProto,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from '../gen/onnx/onnx_pb.js';
import { bodiesOf, withBodies } from './bodies.js';
import { changed } from './changed.js';
import { modelBytes } from './model-bytes.js';

/**
 * Hands over a piece of a file in which a model keeps its weights.
 *
 * @param location path of the file, relative to the model's folder
 * @param offset of the first byte
 * @param length in bytes; undefined for all that is left
 * @returns undefined where there is no such file
 */
export type ExternalDataReader = (location: string, offset: number, length?: number) => Uint8Array | undefined;

/** A model as files: its own, and one with the weights where they do not fit into it. */
export interface ModelFiles {
  readonly bytes: Uint8Array;
  readonly externalData?: {
    /** Name of the second file, which belongs beside the first. */
    readonly location: string;
    /** What the second file holds, one behind the other; views, not copies. */
    readonly parts: readonly Uint8Array[];
  };
}

/** Where a model's weights go. */
export interface ModelFileOptions {
  /** Name of the file for the weights (default: weights.bin). */
  readonly location?: string;
  /** A model of more bytes than this is split (default: 2 GiB less 16 MiB, as a protobuf message ends at 2 GiB). */
  readonly limit?: number;
}

const LIMIT = 2 ** 31 - 2 ** 24;
/** Smaller tensors stay in the model: shapes are read while a session is made. */
const SMALL = 1024;
/** What the ONNX documentation advises, so that a runtime can map pages of the file. */
const PAGE = 4096;

/**
 * The graph with its weights in it. Tensors are replaced, not changed.
 *
 * @throws OnnxError ONNX_EXTERNAL_DATA: there is no reader, no such file, or too little in it, or its path leaves the
 *   model's folder
 */
export function internalized(graph: GraphProto, name: string, read: ExternalDataReader | undefined): GraphProto {
  const inside = (tensor: TensorProto): TensorProto => (isOutside(tensor) ? fetched(tensor, name, read) : tensor);
  const initializer = graph.initializer.map(inside);
  const node = graph.node.map((each) =>
    withBodies(withTensors(each, inside), (body) => internalized(body, name, read)),
  );
  const same =
    initializer.every((each, i) => each === graph.initializer[i]) && node.every((each, i) => each === graph.node[i]);
  return same ? graph : changed(graph, { initializer, node });
}

const isOutside = ({ dataLocation }: TensorProto): boolean => dataLocation === Location.EXTERNAL;

/** Whether a graph, an attribute or a body in it keeps weights in other files. */
export const hasOutside = ({ initializer, node }: GraphProto): boolean =>
  initializer.some(isOutside) ||
  node.some(
    (each) =>
      each.attribute.some(({ t, tensors }) => (t !== undefined && isOutside(t)) || tensors.some(isOutside)) ||
      bodiesOf(each).some(hasOutside),
  );

/** A node whose attributes hold other tensors. */
function withTensors(node: NodeProto, change: (tensor: TensorProto) => TensorProto): NodeProto {
  const attribute = node.attribute.map((each) => {
    const { t, tensors } = each;
    const [own, list] = [t && change(t), tensors.map(change)];
    const same = own === t && list.every((tensor, i) => tensor === tensors[i]);
    return same ? each : changed(each, { ...(own && { t: own }), tensors: list });
  });
  return attribute.every((each, i) => each === node.attribute[i]) ? node : changed(node, { attribute });
}

function fetched(tensor: TensorProto, name: string, read: ExternalDataReader | undefined): TensorProto {
  const entry = (key: string) => tensor.externalData.find((each) => each.key === key)?.value;
  const location = entry('location') ?? '';
  const [offset, length] = [
    Number(entry('offset') ?? 0),
    entry('length') === undefined ? undefined : Number(entry('length')),
  ];
  const wrong = (text: string, cause?: unknown) => {
    const where = `${name} keeps the weights of "${tensor.name}" in "${location}"`;
    return new OnnxError('ONNX_EXTERNAL_DATA', `${where}, ${text}.`, { cause });
  };
  if (location === '' || /^([/\\]|[a-z]:)|(^|[/\\])\.\.([/\\]|$)/i.test(location)) {
    throw wrong('which is not a file beside it; save it again with onnx.save(model, path, save_as_external_data=True)');
  }
  if (!isSize(offset) || (length !== undefined && !isSize(length)))
    throw wrong('at an offset that is no number; save it again');
  if (read === undefined) {
    throw wrong(
      'and was read without that file; use readModelFile of @renorm/onnx/node, or make one file of it: onnx.save(onnx.load(path), path)',
    );
  }
  let data: Uint8Array | undefined;
  try {
    data = read(location, offset, length);
  } catch (cause) {
    // A folder, a name that no file can have, a file without rights.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw wrong(`which cannot be read (${why}); give back the file or its rights, or save the model again`, cause);
  }
  if (data === undefined) throw wrong('and there is no such file; copy it beside the model');
  // A plain view: of a Buffer, slice does not copy.
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (length !== undefined && rawData.length !== length) {
    throw wrong(`which ends before byte ${offset + length}; copy it again`);
  }
  const inside = changed(tensor, { rawData, externalData: [] });
  clearField(inside, TensorProtoSchema.field.dataLocation);
  return inside;
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

/** A model as files. One, unless it is too large. */
export function modelFiles(
  proto: ModelProto,
  { location = 'weights.bin', limit = LIMIT }: ModelFileOptions = {},
): ModelFiles {
  const { graph } = proto;
  const weights = graph?.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0) ?? 0;
  if (graph === undefined || weights <= limit) return { bytes: modelBytes(proto) };
  const parts: Uint8Array[] = [];
  let end = 0;
  const initializer = graph.initializer.map((tensor) => {
    if (tensor.rawData.length <= SMALL) return tensor;
    const offset = Math.ceil(end / PAGE) * PAGE;
    if (offset > end) parts.push(new Uint8Array(offset - end));
    parts.push(tensor.rawData);
    end = offset + tensor.rawData.length;
    return placed(tensor, location, offset);
  });
  const small = changed(proto, { graph: changed(graph, { initializer }) });
  return { bytes: modelBytes(small), externalData: { location, parts } };
}

function placed(tensor: TensorProto, location: string, offset: number): TensorProto {
  const entries = { location, offset: String(offset), length: String(tensor.rawData.length) };
  const apart = changed(tensor, {
    dataLocation: Location.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  });
  clearField(apart, TensorProtoSchema.field.rawData);
  return apart;
}
