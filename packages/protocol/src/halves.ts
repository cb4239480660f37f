import { fromPlanes, toPlanes } from './byte-planes.js';
import { fromFloat16, toFloat16 } from './float16.js';

/** Undefined if a value is too large for binary16. */
export function toHalves(values: Float32Array): Uint8Array | undefined {
  const bytes = new Uint8Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Math.abs(value) >= 65520) return undefined;
    const pattern = toFloat16(value);
    bytes[i * 2] = pattern & 0xff;
    bytes[i * 2 + 1] = pattern >> 8;
  }
  return toPlanes(bytes, 2);
}

/** The inverse. */
export function fromHalves(planes: Uint8Array): Float32Array {
  const bytes = fromPlanes(planes, 2);
  return new Float32Array(bytes.length / 2).map((_, i) =>
    fromFloat16((bytes[i * 2] as number) | ((bytes[i * 2 + 1] as number) << 8)),
  );
}
