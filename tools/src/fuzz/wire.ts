/** One field of a serialized protobuf message, found without its schema. */
export interface WireField {
  /** 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
  readonly type: 0 | 1 | 2 | 5;
  /** Where its tag begins, where its value begins (behind the length), where it ends. */
  readonly start: number;
  readonly value: number;
  readonly end: number;
  /** The fields around it, outermost first. */
  readonly around: readonly WireField[];
}

/** Deeper than any of our messages, and than a graph in a node in a graph. */
const MAX_DEPTH = 12;

/** Bytes that look like a message by accident are not worth more. */
const MAX_FIELDS = 2000;

/** Every field of a message and of what looks like a message inside it; none if the bytes are no message. */
export function wireFields(bytes: Uint8Array): WireField[] {
  const found: WireField[] = [];
  collect(bytes, 0, bytes.length, [], found);
  return found;
}

/** The bytes with another field, or none, in place of one. The lengths around it follow. */
export function replaceField(bytes: Uint8Array, field: WireField, replacement: Uint8Array): Uint8Array {
  let inner = replacement;
  let { start, end } = field;
  for (const parent of field.around.toReversed()) {
    const value = joined(bytes.subarray(parent.value, start), inner, bytes.subarray(end, parent.end));
    inner = joined(tagOf(bytes, parent), varint(BigInt(value.length)), value);
    ({ start, end } = parent);
  }
  return joined(bytes.subarray(0, start), inner, bytes.subarray(end));
}

/** The field with another value. A length is written where the field has one. */
export function withValue(bytes: Uint8Array, field: WireField, value: Uint8Array): Uint8Array {
  return joined(tagOf(bytes, field), field.type === 2 ? varint(BigInt(value.length)) : new Uint8Array(), value);
}

/** Base-128, least significant group first. */
export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return Uint8Array.of(...bytes, Number(left));
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Adds the fields between two places, outer ones first. @returns whether they are a message */
function collect(
  bytes: Uint8Array,
  from: number,
  to: number,
  around: readonly WireField[],
  found: WireField[],
): boolean {
  const level: WireField[] = [];
  for (let at = from; at < to; ) {
    const field = fieldAt(bytes, at, to, around);
    if (field === undefined) return false;
    level.push(field);
    at = field.end;
  }
  found.push(...level);
  if (around.length < MAX_DEPTH && found.length < MAX_FIELDS) {
    for (const field of level) {
      if (field.type === 2) collect(bytes, field.value, field.end, [...around, field], found);
    }
  }
  return true;
}

function fieldAt(bytes: Uint8Array, at: number, to: number, around: readonly WireField[]): WireField | undefined {
  const tag = readVarint(bytes, at, to);
  if (tag === undefined || tag.value < 8) return undefined;
  const type = tag.value % 8;
  if (type !== 0 && type !== 1 && type !== 2 && type !== 5) return undefined;
  const value = readVarint(bytes, tag.end, to);
  if ((type === 0 || type === 2) && value === undefined) return undefined;
  const begin = type === 2 ? (value?.end ?? to) : tag.end;
  const end = { 0: value?.end ?? to, 1: begin + 8, 2: begin + (value?.value ?? 0), 5: begin + 4 }[type];
  return end > to ? undefined : { type, start: at, value: begin, end, around };
}

function readVarint(bytes: Uint8Array, at: number, to: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10 && at + i < to; i++) {
    const byte = bytes[at + i] as number;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: at + i + 1 };
  }
  return undefined;
}

function tagOf(bytes: Uint8Array, field: WireField): Uint8Array {
  const tag = readVarint(bytes, field.start, field.end);
  return bytes.subarray(field.start, tag?.end);
}
