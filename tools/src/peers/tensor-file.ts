import { Tensor } from 'onnxruntime-node';
import { type MessageField, messageFields, readVarint } from './message.js';

/**
 * The element types that onnxruntime takes from JavaScript, by their number in TensorProto.DataType, and what holds
 * their elements.
 */
const TYPES = new Map<number, readonly [Tensor.Type, (buffer: ArrayBuffer) => Tensor.DataType]>([
  [1, ['float32', (buffer) => new Float32Array(buffer)]],
  [2, ['uint8', (buffer) => new Uint8Array(buffer)]],
  [3, ['int8', (buffer) => new Int8Array(buffer)]],
  [4, ['uint16', (buffer) => new Uint16Array(buffer)]],
  [5, ['int16', (buffer) => new Int16Array(buffer)]],
  [6, ['int32', (buffer) => new Int32Array(buffer)]],
  [7, ['int64', (buffer) => new BigInt64Array(buffer)]],
  [9, ['bool', (buffer) => new Uint8Array(buffer)]],
  [10, ['float16', (buffer) => new Uint16Array(buffer)]],
  [11, ['float64', (buffer) => new Float64Array(buffer)]],
  [12, ['uint32', (buffer) => new Uint32Array(buffer)]],
  [13, ['uint64', (buffer) => new BigUint64Array(buffer)]],
]);
const STRING = 8;

/**
 * A TensorProto: the number of its element type, and as onnxruntime takes it; undefined for a type that it takes from
 * C++ alone.
 */
export interface TensorFile {
  readonly type: number;
  readonly dims: readonly number[];
  readonly tensor: Tensor | undefined;
  /** The message itself. */
  readonly bytes: Uint8Array;
}

/**
 * Reads a TensorProto whose elements are raw data or texts, as the `onnx` package writes them.
 *
 * @throws where it is none
 */
export function readTensor(bytes: Uint8Array): TensorFile {
  const fields = messageFields(bytes);
  const dims = fields.filter(({ number }) => number === 1).flatMap(integers);
  const type = fields.filter(({ number }) => number === 2).flatMap(integers)[0] ?? 0;
  const raw = fields.find(({ number }) => number === 9)?.value ?? new Uint8Array();
  if (type === STRING) {
    const texts = fields.filter(({ number }) => number === 6).map(({ value }) => new TextDecoder().decode(value));
    return { type, dims, bytes, tensor: new Tensor('string', texts, dims) };
  }
  const known = TYPES.get(type);
  if (known === undefined) return { type, dims, bytes, tensor: undefined };
  const [name, view] = known;
  // A copy: the bytes of a message may start at any offset.
  return { type, dims, bytes, tensor: new Tensor(name, view(new Uint8Array(raw).buffer) as Float32Array, dims) };
}

/** Repeated whole numbers, packed or not. */
function integers({ type, value }: MessageField): number[] {
  if (type === 0) return [Number(readVarint(value, 0).value)];
  const found: number[] = [];
  for (let at = 0; at < value.length; ) {
    const next = readVarint(value, at);
    found.push(Number(next.value));
    at = next.end;
  }
  return found;
}

/** Numbers of a tensor of a floating type; undefined for another. */
export function floatsOf({ type, data }: Pick<Tensor, 'type' | 'data'>): Float64Array | undefined {
  if (type === 'float32' || type === 'float64') return Float64Array.from(data as Float32Array);
  if (type !== 'float16') return undefined;
  // From Node 24 on, onnxruntime hands out numbers, before it their bits.
  return data instanceof Uint16Array
    ? Float64Array.from(data, fromBits)
    : Float64Array.from(data as unknown as Float32Array);
}

function fromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
