import { test } from 'tap';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from './half.js';

const PATTERNS = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);

for (const [name, from, to, infinity] of [
  ['float16', fromFloat16, toFloat16, 0x7c00],
  ['bfloat16', fromBfloat16, toBfloat16, 0x7f80],
] as const) {
  test(`${name}: every pattern is read and written back`, async (t) => {
    const values = from(PATTERNS);
    const isNumber = (i: number): boolean => (i & 0x7fff) <= infinity;
    const back = to(values);
    t.equal(
      PATTERNS.findIndex((pattern, i) => isNumber(i) && back[i] !== pattern),
      -1,
    );
    t.ok(PATTERNS.every((_, i) => isNumber(i) !== Number.isNaN(values[i])));
    t.ok(to(Float32Array.of(Number.NaN)).every((pattern) => (pattern & 0x7fff) > infinity));
  });

  test(`${name}: a number between two patterns goes to the nearer, halfway to the even one`, async (t) => {
    const values = from(PATTERNS);
    for (const pattern of [0, 1, 2, 0x3ff, 0x400, 0x401, 0x1234, 0x3bff, 0x3c00, 0x4001, 0x5555]) {
      const [low, high] = [values[pattern], values[pattern + 1]] as [number, number];
      const even = pattern % 2 === 0 ? pattern : pattern + 1;
      const between = [0.25, 0.5, 0.75].map((part) => low + (high - low) * part);
      t.same([...to(Float32Array.from(between))], [pattern, even, pattern + 1], `${low}`);
      t.same(
        [...to(Float32Array.from(between, (x) => -x))],
        [pattern, even, pattern + 1].map((x) => x | 0x8000),
      );
    }
  });
}

test('float16 holds 1, 65504 and the smallest number, and ends at 65520', async (t) => {
  t.same(
    [...toFloat16(Float32Array.of(1, -2, 65504, 65519, 65520, 2 ** -24))],
    [0x3c00, 0xc000, 0x7bff, 0x7bff, 0x7c00, 1],
  );
  t.same([...fromFloat16([0x3555, 0xfc00])], [Math.fround(0x555 * 2 ** -12), -Infinity]);
});
