// IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits.
const SIGN = 0x8000;
const INFINITY = 0x7c00;
const NOT_A_NUMBER = 0x7e00;

/**
 * The binary16 pattern nearest to a number, ties to even. From 65520 on, halfway to the next power of two, that is
 * infinity. NaN gives the quiet NaN without payload.
 */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  const sign = value < 0 || Object.is(value, -0) ? SIGN : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | INFINITY;
  // Below 2^-14 the patterns count in steps of 2^-24; a carry out of the fraction is the right next pattern in both
  // cases.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  const exponent = exponentOf(magnitude);
  return sign | (((exponent + 15) << 10) + roundToEven(magnitude * 2 ** (10 - exponent)) - 1024);
}

/** The number that a binary16 pattern stands for, exactly. */
export function fromFloat16(pattern: number): number {
  const sign = pattern & SIGN ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The next larger finite pattern's bits. `pattern` is finite and below the largest. */
export function nextFloat16Up(pattern: number): number {
  if (pattern === SIGN) return 1;
  return pattern & SIGN ? pattern - 1 : pattern + 1;
}

/** floor(log2(x)) for a normal x; the logarithm alone can be off by one beside a power of two. */
function exponentOf(x: number): number {
  const guess = Math.floor(Math.log2(x));
  if (2 ** guess > x) return guess - 1;
  return 2 ** (guess + 1) <= x ? guess + 1 : guess;
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
