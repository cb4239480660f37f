import fc from 'fast-check';
import { joined, replaceField, varint, type WireField, wireFields, withValue } from './wire.js';

/** A way to damage bytes. Places are taken modulo what there is, so that every mutation suits every message. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'overwrite' | 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate' | 'repeat' | 'cut' | 'splice'; readonly at: number; readonly length: number }
  | { readonly kind: 'fieldBytes'; readonly field: number; readonly bytes: Uint8Array }
  | { readonly kind: 'fieldNumber'; readonly field: number; readonly number: bigint }
  | { readonly kind: 'fieldFlip'; readonly field: number; readonly at: number; readonly bit: number }
  | { readonly kind: 'fieldRemoved' | 'fieldTwice'; readonly field: number }
  | { readonly kind: 'fieldFromOther'; readonly field: number; readonly from: number };

/** How an input comes about: which message of the corpus, which one to borrow from, and what happens to it. */
export interface Plan {
  readonly seed: number;
  readonly other: number;
  readonly mutations: readonly Mutation[];
}

/** Where integers end, in one type or another. */
const EDGES = [
  0n,
  1n,
  127n,
  128n,
  255n,
  2n ** 16n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n - 1n,
  2n ** 53n,
];
const WIDEST = [2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];

const place = fc.nat({ max: 2 ** 30 });
const short = fc.uint8Array({ maxLength: 40 });
const kind = <Kind extends Mutation['kind']>(...kinds: Kind[]) => fc.constantFrom<Kind>(...kinds);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: kind('flip'), at: place, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: kind('overwrite', 'insert'), at: place, bytes: short }),
  fc.record({ kind: kind('truncate', 'repeat', 'cut', 'splice'), at: place, length: fc.nat({ max: 2000 }) }),
  fc.record({ kind: kind('fieldBytes'), field: place, bytes: short }),
  fc.record({ kind: kind('fieldNumber'), field: place, number: fc.constantFrom(...EDGES, ...WIDEST) }),
  fc.record({ kind: kind('fieldFlip'), field: place, at: place, bit: fc.nat({ max: 7 }) }),
  fc.record({ kind: kind('fieldRemoved', 'fieldTwice'), field: place }),
  fc.record({ kind: kind('fieldFromOther'), field: place, from: place }),
);

/** Plans of 0 to 5 mutations. They shrink to fewer. */
export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: place,
  other: place,
  mutations: fc.array(mutation, { maxLength: 5 }),
});

/**
 * The bytes that a plan makes of valid ones. The corpus stays as it is, of Buffers too, whose `slice` does not copy.
 */
export function inputOf(corpus: readonly Uint8Array[], { seed, other, mutations }: Plan): Uint8Array {
  const bytes = corpus[seed % corpus.length] as Uint8Array;
  const lender = corpus[other % corpus.length] as Uint8Array;
  return mutations.reduce<Uint8Array>((damaged, each) => mutate(damaged, each, lender), new Uint8Array(bytes));
}

function mutate(bytes: Uint8Array, each: Mutation, lender: Uint8Array): Uint8Array {
  switch (each.kind) {
    case 'flip':
      return flipped(bytes, each.at, each.bit);
    case 'overwrite': {
      const at = within(each.at, bytes.length + 1);
      return joined(bytes.subarray(0, at), each.bytes, bytes.subarray(at + each.bytes.length));
    }
    case 'insert': {
      const at = within(each.at, bytes.length + 1);
      return joined(bytes.subarray(0, at), each.bytes, bytes.subarray(at));
    }
    case 'truncate':
      return bytes.subarray(0, within(each.at, bytes.length + 1));
    case 'repeat': {
      const [from, to] = range(bytes, each);
      return joined(bytes.subarray(0, to), bytes.subarray(from));
    }
    case 'cut': {
      const [from, to] = range(bytes, each);
      return joined(bytes.subarray(0, from), bytes.subarray(to));
    }
    case 'splice': {
      const at = within(each.at, bytes.length + 1);
      return joined(bytes.subarray(0, at), lender.subarray(...range(lender, each)), bytes.subarray(at));
    }
    default:
      return mutateField(bytes, each, lender);
  }
}

function mutateField(
  bytes: Uint8Array,
  each: Extract<Mutation, { readonly field: number }>,
  lender: Uint8Array,
): Uint8Array {
  const fields = wireFields(bytes);
  const field = fields[within(each.field, fields.length)];
  if (field === undefined) return bytes;
  const value = bytes.subarray(field.value, field.end);
  switch (each.kind) {
    case 'fieldBytes':
      return replaceField(bytes, field, withValue(bytes, field, fitting(field, each.bytes)));
    case 'fieldNumber':
      return replaceField(bytes, field, withValue(bytes, field, fitting(field, varint(each.number))));
    case 'fieldFlip':
      return replaceField(bytes, field, withValue(bytes, field, flipped(value, each.at, each.bit)));
    case 'fieldRemoved':
      return replaceField(bytes, field, new Uint8Array());
    case 'fieldTwice': {
      const whole = bytes.subarray(field.start, field.end);
      return replaceField(bytes, field, joined(whole, whole));
    }
    case 'fieldFromOther': {
      const theirs = wireFields(lender).filter(({ type }) => type === field.type);
      const from = theirs[within(each.from, theirs.length)];
      if (from === undefined) return bytes;
      return replaceField(bytes, field, withValue(bytes, field, lender.subarray(from.value, from.end)));
    }
  }
}

/** Bytes that can be the value of a field, so that damage to one field does not end the message. */
function fitting({ type }: WireField, bytes: Uint8Array): Uint8Array {
  if (type === 2) return bytes;
  if (type !== 0) return joined(bytes, new Uint8Array(8)).subarray(0, type === 1 ? 8 : 4);
  const last = bytes.findIndex((byte) => byte < 128);
  return last < 0 || last > 9 ? Uint8Array.of(0) : bytes.subarray(0, last + 1);
}

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  if (copy.length > 0) copy[at % copy.length] = (copy[at % copy.length] as number) ^ (1 << bit);
  return copy;
}

/** A stretch of the bytes. */
function range(bytes: Uint8Array, { at, length }: { readonly at: number; readonly length: number }): [number, number] {
  const from = within(at, bytes.length + 1);
  return [from, Math.min(bytes.length, from + length)];
}

const within = (at: number, count: number): number => (count === 0 ? 0 : at % count);
