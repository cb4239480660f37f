import { AnnounceResponseSchema, create, fromBinary, SignedMessageSchema, toBinary } from '@renorm/protocol';
import { test } from 'tap';
import { inputOf } from './mutate.js';
import { replaceField, wireFields, withValue } from './wire.js';

const root = create(SignedMessageSchema, { message: new Uint8Array(200).fill(255), signatures: [{}] });
const message = create(AnnounceResponseSchema, { latest: { number: 300n }, budgetLeft: 0.5, roots: [root] });
const bytes = toBinary(AnnounceResponseSchema, message);

test('fields are found at every depth without a schema', async (t) => {
  const fields = wireFields(bytes);
  t.same(
    fields.map(({ type, around }) => [type, around.length]),
    [
      [2, 0],
      [5, 0],
      [2, 0],
      [0, 1],
      [2, 1],
      [2, 1],
    ],
  );
});

test('a field that grows leaves the message around it whole', async (t) => {
  const field = wireFields(bytes).find(({ end, value }) => end - value === 200)!;
  const changed = replaceField(bytes, field, withValue(bytes, field, new Uint8Array(20_000)));
  const read = fromBinary(AnnounceResponseSchema, changed);
  t.equal(read.roots[0]?.message.length, 20_000);
  t.same([read.latest?.number, read.budgetLeft, read.roots[0]?.signatures.length], [300n, 0.5, 1]);
});

test('a field can go', async (t) => {
  const number = wireFields(bytes).find(({ type }) => type === 0)!;
  t.equal(fromBinary(AnnounceResponseSchema, replaceField(bytes, number, new Uint8Array())).latest?.number, 0n);
});

test('a plan says what is done, and leaves the corpus as it was', async (t) => {
  const corpus = [Buffer.of(1, 2, 3), Uint8Array.of(9, 9)];
  const plan = (...mutations: Parameters<typeof inputOf>[1]['mutations']) =>
    inputOf(corpus, { seed: 3 - 1, other: 1, mutations });
  t.same(plan({ kind: 'flip', at: 1, bit: 0 }), Uint8Array.of(1, 3, 3));
  t.same(plan({ kind: 'truncate', at: 2, length: 0 }), Uint8Array.of(1, 2));
  t.same(plan({ kind: 'repeat', at: 1, length: 2 }), Uint8Array.of(1, 2, 3, 2, 3));
  t.same(plan({ kind: 'cut', at: 0, length: 2 }), Uint8Array.of(3));
  t.same(plan({ kind: 'splice', at: 0, length: 1 }), Uint8Array.of(9, 1, 2, 3));
  t.same(plan({ kind: 'insert', at: 3, bytes: Uint8Array.of(7) }), Uint8Array.of(1, 2, 3, 7));
  t.same([...corpus[0]!], [1, 2, 3]);
});
