import { test } from 'tap';
import { fromFloat16, nextFloat16Up, toFloat16 } from './float16.js';

/**
 * Every finite pattern with its value, decoded by the definition in text: (-1)^s 2^(e-15) (1 + f/1024), 2^-14 (f/1024)
 * for e = 0.
 */
function definition(pattern: number): number {
  const bits = pattern.toString(2).padStart(16, '0');
  const sign = bits[0] === '1' ? -1 : 1;
  const e = Number.parseInt(bits.slice(1, 6), 2);
  const f = Number.parseInt(bits.slice(6), 2);
  if (e === 31) return f === 0 ? sign * Infinity : NaN;
  return e === 0 ? sign * 2 ** -14 * (f / 1024) : sign * 2 ** (e - 15) * (1 + f / 1024);
}

test('all 65,536 patterns decode as IEEE 754 defines them', async (t) => {
  const wrong = [];
  for (let pattern = 0; pattern < 65536; pattern++) {
    if (!Object.is(fromFloat16(pattern), definition(pattern))) wrong.push(pattern);
  }
  t.same(wrong, []);
});

test('all patterns survive decoding and encoding', async (t) => {
  const wrong = [];
  for (let pattern = 0; pattern < 65536; pattern++) {
    const nan = (pattern & 0x7fff) > 0x7c00;
    if (toFloat16(fromFloat16(pattern)) !== (nan ? 0x7e00 : pattern)) wrong.push(pattern);
  }
  t.same(wrong, []);
});

test('between two neighbours the nearer wins, and the even one at the middle', async (t) => {
  const wrong = [];
  for (let pattern = 0; pattern < 0x7bff; pattern++) {
    const low = fromFloat16(pattern);
    const high = fromFloat16(pattern + 1);
    const middle = (low + high) / 2;
    const nudge = (high - low) * 2 ** -20;
    const even = pattern % 2 === 0 ? pattern : pattern + 1;
    if (
      toFloat16(middle) !== even ||
      toFloat16(middle - nudge) !== pattern ||
      toFloat16(middle + nudge) !== pattern + 1
    )
      wrong.push(pattern);
    if (toFloat16(-middle) !== (0x8000 | even)) wrong.push(-pattern);
  }
  t.same(wrong, []);
});

test('past the largest value comes infinity, from the middle on', async (t) => {
  t.equal(toFloat16(65504), 0x7bff);
  t.equal(toFloat16(65519.999), 0x7bff);
  t.equal(toFloat16(65520), 0x7c00);
  t.equal(toFloat16(-1e300), 0xfc00);
});

test('the next pattern up is the next value up', async (t) => {
  for (const pattern of [0, 1, 0x3ff, 0x3c00, 0x8001, 0xbc00, 0xfbff]) {
    const next = nextFloat16Up(pattern);
    t.ok(fromFloat16(next) > fromFloat16(pattern), `${pattern} -> ${next}`);
  }
  t.equal(nextFloat16Up(0x8000), 1, 'above -0 comes the smallest positive value');
});
