import type { Tensor } from 'onnxruntime-node';
import { floatsOf } from './tensor-file.js';

/** Of the largest finite number: what float32 rounds off where operators are computed in another order. */
const TOLERANCE = 1e-4;
/** The same of numbers that were float16. */
const HALF = 1e-2;

/** How a tensor differs from another, in words; undefined where it does not. NaN is like NaN. */
export function difference(a: Tensor | undefined, b: Tensor): string | undefined {
  if (a === undefined) return 'is missing';
  if (a.dims.join() !== b.dims.join()) return `has the shape [${a.dims}], not [${b.dims}]`;
  const [x, y] = [floatsOf(a), floatsOf(b)];
  if (x !== undefined && y !== undefined)
    return apart(x, y, a.type === 'float16' || b.type === 'float16' ? HALF : TOLERANCE);
  if (a.type !== b.type) return `is of type ${a.type}, not ${b.type}`;
  const other = [...(b.data as Int32Array)];
  const at = [...(a.data as Int32Array)].findIndex((value, i) => value !== other[i]);
  return at < 0 ? undefined : `is ${String((a.data as Int32Array)[at])} at ${at}, not ${String(other[at])}`;
}

function apart(a: Float64Array, b: Float64Array, tolerance: number): string | undefined {
  const size = b.reduce((largest, value) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), 0);
  const at = a.findIndex((value, i) => {
    const other = b[i] as number;
    return !Object.is(value, other) && value !== other && !(Math.abs(value - other) <= tolerance * size);
  });
  return at < 0 ? undefined : `is ${a[at]} at ${at}, not ${b[at]}`;
}
