// Plain data as bytes: what JSON has, and what it lacks of what a device remembers.

/** A value that JSON has not, in its place. */
interface Tagged {
  readonly $: keyof typeof ARRAYS | 'number' | 'undefined' | 'object';
  readonly of?: unknown;
}

const ARRAYS = { Uint8Array, Float32Array, Float64Array, Int32Array } as const;
type TypedArray = Uint8Array | Float32Array | Float64Array | Int32Array;

/**
 * Plain data as bytes: objects, arrays, texts, truths, null, undefined, numbers that are not finite too, and typed
 * arrays.
 *
 * @throws TypeError for anything else, such as a Map, a class or a function: it would come back as something else
 */
export function encodePlain(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(tagged(value)));
}

/** The data again. @throws Error: these are no such bytes */
export function decodePlain(bytes: Uint8Array): unknown {
  return untagged(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
}

function tagged(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // JSON has no minus zero either.
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return { $: 'number', of: Object.is(value, -0) ? '-0' : String(value) } satisfies Tagged;
    case 'undefined':
      return { $: 'undefined' } satisfies Tagged;
    case 'object':
      return value === null ? null : taggedObject(value);
    default:
      throw new TypeError(`a ${typeof value} cannot be kept`);
  }
}

function taggedObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(tagged);
  for (const [name, type] of Object.entries(ARRAYS) as [keyof typeof ARRAYS, (typeof ARRAYS)[keyof typeof ARRAYS]][])
    if (value instanceof type) return { $: name, of: toBase64(value) } satisfies Tagged;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`a ${value.constructor.name} cannot be kept`);
  const entries = Object.entries(value).map(([name, each]) => [name, tagged(each)]);
  return Object.hasOwn(value, '$') ? { $: 'object', of: entries } : Object.fromEntries(entries);
}

function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (typeof value !== 'object' || value === null) return value;
  if (!Object.hasOwn(value, '$'))
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, untagged(each)]));
  const { $: tag, of } = value as Tagged;
  switch (tag) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(of);
    case 'object':
      return Object.fromEntries((of as [string, unknown][]).map(([name, each]) => [name, untagged(each)]));
    default:
      return fromBase64(ARRAYS[tag], String(of));
  }
}

/** So many characters are passed as arguments at a time. */
const CHUNK = 8192;

function toBase64({ buffer, byteOffset, byteLength }: TypedArray): string {
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  let text = '';
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

function fromBase64(type: (typeof ARRAYS)[keyof typeof ARRAYS], text: string): TypedArray {
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  return new type(bytes.buffer);
}
