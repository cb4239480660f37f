import { DIGEST_LENGTH } from '@renorm/protocol';
import { Packr } from 'msgpackr';
import { damaged } from './store-errors.js';

/** MessagePack with the names of the fields in every record: each can be read by itself, and by other programs. */
const packr = new Packr({ useRecords: false });

export function pack(value: unknown): Uint8Array {
  // A copy: the packer writes over its buffer.
  return plainBytes(packr.pack(value));
}

/** A copy that is a Uint8Array and no Buffer. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** The fields of a record that was read back, each checked as it is taken: disks and other programs change bytes. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  private constructor(fields: unknown, where: string) {
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw damaged(where, 'it is no record');
    this.#fields = fields as Record<string, unknown>;
    this.#where = where;
  }

  /** @param where names the record in errors @throws RenormError DATA_DAMAGED, as all of this */
  static unpack(bytes: Uint8Array, where: string): Fields {
    let value: unknown;
    try {
      value = packr.unpack(bytes);
    } catch (cause) {
      throw damaged(where, 'it is no MessagePack', cause);
    }
    return new Fields(value, where);
  }

  /** Whether there is such a field: those that came later are missing in older records. */
  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  record(name: string): Fields {
    return new Fields(this.#fields[name], `${name} of ${this.#where}`);
  }

  text(name: string): string {
    return this.#check(name, 'text', isText, this.#fields[name]);
  }

  /** A whole number, 0 or more. */
  count(name: string): number {
    return this.#check(name, 'a whole number', isCount, this.#fields[name]);
  }

  /** A number that is neither infinite nor NaN. */
  finite(name: string): number {
    return this.#check(name, 'a finite number', isFiniteNumber, this.#fields[name]);
  }

  /** A whole number of either sign. */
  integer(name: string): number {
    return this.#check(name, 'a whole number', isInteger, this.#fields[name]);
  }

  bytes(name: string): Uint8Array {
    return plainBytes(this.#check(name, 'bytes', isBytes, this.#fields[name]));
  }

  byteStrings(name: string): Uint8Array[] {
    return this.#list(name).map((item) => plainBytes(this.#check(name, 'a list of bytes', isBytes, item)));
  }

  digest(name: string): Uint8Array {
    const digest = this.bytes(name);
    return this.#check(name, `${DIGEST_LENGTH} bytes`, (_): _ is Uint8Array => digest.length === DIGEST_LENGTH, digest);
  }

  texts(name: string): string[] {
    return this.#list(name).map((item) => this.#check(name, 'a list of text', isText, item));
  }

  counts(name: string): number[] {
    return this.#list(name).map((item) => this.#check(name, 'a list of whole numbers', isCount, item));
  }

  records(name: string): Fields[] {
    return this.#list(name).map((item) => new Fields(item, `${name} of ${this.#where}`));
  }

  /** undefined where it says null. */
  optional(name: string): Fields | undefined {
    const value = this.#fields[name];
    return value === null ? undefined : this.record(name);
  }

  #list(name: string): unknown[] {
    return this.#check(name, 'a list', Array.isArray, this.#fields[name]);
  }

  #check<Value>(name: string, kind: string, is: (value: unknown) => value is Value, value: unknown): Value {
    if (is(value)) return value;
    throw damaged(this.#where, `its field ${name} is not ${kind}`);
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value);
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
