import { createHash } from 'node:crypto';
import { test } from 'tap';
import { equalBytes, toHex } from './bytes.js';
import { digestBytes, digestParameters } from './digest.js';

test('digests are SHA-256', async (t) => {
  const bytes = Uint8Array.of(97, 98, 99);
  t.equal(
    toHex(digestBytes(bytes)),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    'FIPS 180-2, B.1',
  );
});

test('a version is named by its values in order, little-endian', async (t) => {
  const buffer = Buffer.alloc(12);
  [1.5, -2, 3e-40].forEach((value, i) => {
    buffer.writeFloatLE(value, i * 4);
  });
  const expected = createHash('sha256').update(buffer).digest();
  const parameters = new Map([
    ['a', Float32Array.of(1.5)],
    ['b', Float32Array.of(-2, 3e-40)],
  ]);
  t.ok(equalBytes(digestParameters(parameters), expected));
});
