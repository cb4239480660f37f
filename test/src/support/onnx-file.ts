import { writeFileSync } from 'node:fs';

// Writes ONNX files from nothing but the format: what the product reads must not be written by the product's own code.

/** The wire of protobuf: a field of a number, or of bytes. */
const varint = (value: number | bigint): number[] => {
  const bytes: number[] = [];
  for (let left = BigInt.asUintN(64, BigInt(value)); ; left >>= 7n) {
    bytes.push(Number(left & 127n) | (left > 127n ? 128 : 0));
    if (left <= 127n) return bytes;
  }
};
type Bytes = Uint8Array;
const join = (parts: readonly Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));
const number = (field: number, value: number | bigint): Bytes =>
  Uint8Array.from([...varint(field << 3), ...varint(value)]);
const bytes = (field: number, value: Bytes): Bytes =>
  join([Uint8Array.from([...varint((field << 3) | 2), ...varint(value.length)]), value]);
const text = (field: number, value: string): Bytes => bytes(field, new TextEncoder().encode(value));
const float = (field: number, value: number): Bytes =>
  join([Uint8Array.from(varint((field << 3) | 5)), new Uint8Array(Float32Array.of(value).buffer)]);

/** Element types of ONNX. */
export const TYPE = { float: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10, double: 11 } as const;
export type TypeName = keyof typeof TYPE;

/** A tensor; `location` names a file beside the model that holds its bytes, from 0 on. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly type: TypeName;
  readonly data: Bytes;
  readonly location?: string;
}

/** An attribute: a whole number, a float, a text, whole numbers, a tensor, or a graph. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly tensor: Tensor }
  | { readonly graph: GraphFile };

export interface NodeFile {
  readonly op: string;
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** Sizes of a value: a number as it stands, also 0 or -1, or the name of an axis. */
export interface ValueFile {
  readonly name: string;
  readonly type?: TypeName;
  readonly dims?: readonly (number | string)[];
}

export interface GraphFile {
  readonly nodes: readonly NodeFile[];
  readonly inputs?: readonly ValueFile[];
  readonly outputs: readonly ValueFile[];
  readonly tensors?: Readonly<Record<string, Tensor>>;
}

/** A function of a model, in the domain `own`. */
export interface FunctionFile {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeFile[];
}

/** The bytes of a model. */
export function onnxFile(graph: GraphFile, opset = 17, functions: readonly FunctionFile[] = []): Bytes {
  const imports = (field: number, domain: string, version: number): Bytes =>
    bytes(field, join([text(1, domain), number(2, version)]));
  return join([
    ...[number(1, 8), text(2, 'test'), bytes(7, graphBytes(graph)), imports(8, '', opset)],
    ...(functions.length > 0 ? [imports(8, 'own', 1)] : []),
    ...functions.map(({ name, inputs, outputs, nodes }) =>
      bytes(
        25,
        join([
          ...[text(1, name), ...inputs.map((each) => text(4, each)), ...outputs.map((each) => text(5, each))],
          ...[...nodes.map((each) => bytes(7, nodeBytes(each))), imports(9, '', opset), text(10, 'own')],
        ]),
      ),
    ),
  ]);
}

function graphBytes({ nodes, inputs = [], outputs, tensors = {} }: GraphFile): Bytes {
  return join([
    ...nodes.map((each) => bytes(1, nodeBytes(each))),
    text(2, 'graph'),
    ...Object.entries(tensors).map(([name, tensor]) => bytes(5, tensorBytes(tensor, name))),
    ...inputs.map((each) => bytes(11, valueBytes(each))),
    ...outputs.map((each) => bytes(12, valueBytes(each))),
  ]);
}

function nodeBytes({ op, domain, name, inputs, outputs, attributes = {} }: NodeFile): Bytes {
  return join([
    ...[...inputs.map((each) => text(1, each)), ...outputs.map((each) => text(2, each))],
    ...[...(name === undefined ? [] : [text(3, name)]), text(4, op)],
    ...Object.entries(attributes).map(([key, value]) => bytes(5, join([text(1, key), ...attributeBytes(value)]))),
    ...(domain === undefined ? [] : [text(7, domain)]),
  ]);
}

function attributeBytes(value: Attribute): Bytes[] {
  if (typeof value === 'number') return [number(3, value), number(20, 2)];
  if (typeof value === 'string') return [text(4, value), number(20, 3)];
  if ('float' in value) return [float(2, value.float), number(20, 1)];
  if ('tensor' in value) return [bytes(5, tensorBytes(value.tensor, '')), number(20, 4)];
  if ('graph' in value) return [bytes(6, graphBytes(value.graph)), number(20, 5)];
  return [...value.map((each) => number(8, each)), number(20, 7)];
}

function tensorBytes({ dims, type, data, location }: Tensor, name: string): Bytes {
  const entry = (key: string, value: string): Bytes => bytes(13, join([text(1, key), text(2, value)]));
  return join([
    ...[...dims.map((each) => number(1, each)), number(2, TYPE[type]), text(8, name)],
    ...(location === undefined
      ? [bytes(9, data)]
      : [entry('location', location), entry('offset', '0'), entry('length', String(data.length)), number(14, 1)]),
  ]);
}

function valueBytes({ name, type = 'float', dims }: ValueFile): Bytes {
  const shape = dims?.map((size) => bytes(1, typeof size === 'number' ? number(1, size) : text(2, size)));
  const tensor = join([number(1, TYPE[type]), ...(shape === undefined ? [] : [bytes(2, join(shape))])]);
  return join([text(1, name), bytes(2, bytes(1, tensor))]);
}

/** A tensor of floats. */
export const floats = (dims: readonly number[], values: ArrayLike<number>): Tensor => ({
  ...{ dims, type: 'float' },
  data: new Uint8Array(Float32Array.from(values).buffer),
});

/** A tensor of whole numbers. */
export const integers = (dims: readonly number[], values: readonly number[]): Tensor => ({
  ...{ dims, type: 'int64' },
  data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

/** Its values as float16, rounded toward zero: small weights, without infinities. */
export function halves({ dims, data }: Tensor): Tensor {
  const bits = new Uint32Array(data.slice().buffer);
  const half = Uint16Array.from(bits, (each) => {
    const exponent = ((each >>> 23) & 255) - 112;
    return ((each >>> 16) & 0x8000) | (exponent <= 0 ? 0 : (exponent << 10) | ((each >>> 13) & 1023));
  });
  return { dims, type: 'float16', data: new Uint8Array(half.buffer) };
}

/** Writes a model, and the tensors that it keeps in a file beside it. */
export function writeModel(path: string, model: Bytes, beside: Readonly<Record<string, Bytes>> = {}): void {
  writeFileSync(path, model);
  for (const [file, data] of Object.entries(beside)) writeFileSync(file, data);
}
