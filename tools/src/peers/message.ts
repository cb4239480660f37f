import { joined, varint } from '../fuzz/wire.js';

/** One field of a serialized protobuf message. */
export interface MessageField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
  readonly type: number;
  /** Its bytes without tag and length; of a varint, the varint. */
  readonly value: Uint8Array;
  /** All its bytes. */
  readonly whole: Uint8Array;
}

/** The fields of a message, in order; not those of messages inside it. @throws where the bytes are no message */
export function messageFields(bytes: Uint8Array): MessageField[] {
  const fields: MessageField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    const [number, type] = [Number(tag.value >> 3n), Number(tag.value & 7n)];
    let begin = tag.end;
    let end: number;
    if (type === 0) end = readVarint(bytes, begin).end;
    else if (type === 1) end = begin + 8;
    else if (type === 5) end = begin + 4;
    else if (type === 2) {
      const length = readVarint(bytes, begin);
      begin = length.end;
      end = begin + Number(length.value);
    } else throw new Error(`byte ${at} is no field of a message`);
    if (end > bytes.length) throw new Error(`the field at byte ${at} is cut short`);
    fields.push({ number, type, value: bytes.subarray(begin, end), whole: bytes.subarray(at, end) });
    at = end;
  }
  return fields;
}

/** A base-128 number. */
export function readVarint(bytes: Uint8Array, from: number): { value: bigint; end: number } {
  let value = 0n;
  for (let at = from; at < Math.min(bytes.length, from + 10); at++) {
    const byte = bytes[at] as number;
    value |= BigInt(byte & 127) << BigInt(7 * (at - from));
    if (byte < 128) return { value, end: at + 1 };
  }
  throw new Error(`byte ${from} is no number`);
}

/** A field: a message inside a message, bytes, a text, a whole number, or a float32. */
export function field(number: number, value: Uint8Array | string | number | { readonly float: number }): Uint8Array {
  const tag = (type: number) => varint(BigInt(8 * number + type));
  if (typeof value === 'number') return joined(tag(0), varint(BigInt(value)));
  if (value instanceof Uint8Array || typeof value === 'string') {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    return joined(tag(2), varint(BigInt(bytes.length)), bytes);
  }
  return joined(tag(5), new Uint8Array(Float32Array.of(value.float).buffer));
}
