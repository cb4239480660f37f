// IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. bfloat16: the upper half of a float32.

/** The numbers that binary16 patterns stand for, exactly. */
export const fromFloat16 = (patterns: ArrayLike<number>): Float32Array =>
  Float32Array.from(patterns, (pattern) => {
    const sign = pattern & 0x8000 ? -1 : 1;
    const exponent = (pattern >> 10) & 0x1f;
    const fraction = pattern & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign / 0 : Number.NaN;
    return sign * (1024 + fraction) * 2 ** (exponent - 25);
  });

/** The binary16 patterns nearest to float32 numbers, ties to even; infinity from 65520 on. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values);
  return Uint16Array.from(values, (value, i) => {
    const sign = ((bits[i] as number) >>> 16) & 0x8000;
    const size = Math.abs(value);
    if (Number.isNaN(size)) return 0x7e00;
    if (size >= 65520) return sign | 0x7c00;
    // Steps of 2^-24 below the smallest normal number; above it the step is 2^-10 of the power of two below the number.
    if (size < 2 ** -14) return sign | nearestEven(size * 2 ** 24);
    const exponent = (((bits[i] as number) >>> 23) & 0xff) - 127;
    // A carry out of the fraction lands in the exponent, where it belongs.
    return sign | (((exponent + 14) << 10) + nearestEven(size * 2 ** (10 - exponent)));
  });
}

/** The numbers that bfloat16 patterns stand for, exactly. */
export const fromBfloat16 = (patterns: ArrayLike<number>): Float32Array =>
  new Float32Array(Uint32Array.from(patterns, (pattern) => pattern << 16).buffer);

/** The bfloat16 patterns nearest to float32 numbers, ties to even. */
export const toBfloat16 = (values: Float32Array): Uint16Array =>
  Uint16Array.from(bitsOf(values), (bits, i) =>
    Number.isNaN(values[i]) ? 0x7fc0 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16,
  );

const bitsOf = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

function nearestEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
