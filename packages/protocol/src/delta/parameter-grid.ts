import { concatenate, type ParameterSet } from '../parameters.js';

/**
 * Where a cohort's parameters may lie. A value is float32(exported + offset * 2^unitExponent) with a whole offset, so
 * that differences between any two versions are whole numbers: they add up exactly, in any order, on every platform.
 */
export interface ParameterGrid {
  readonly tensors: readonly GridTensor[];
  /** Version 0, concatenated. */
  readonly exported: Float32Array;
}

export interface GridTensor {
  readonly name: string;
  /** Tensors of one kind share what the coder learns: 0 gamma, 1 beta, 2 running mean, 3 running variance. */
  readonly kind: number;
  /** Place of its first value among the concatenated ones. */
  readonly start: number;
  readonly length: number;
  /** Power of two of one step of the grid. */
  readonly unitExponent: number;
}

export const PARAMETER_KINDS = ['gamma', 'beta', 'mean', 'variance'] as const;

/** Offsets stay below this, so that they and their sums are exact in a double. */
export const MAX_OFFSET = 2 ** 52;

/** A unit is so many powers of two below the largest exported value of its tensor: finer than float32 resolves it. */
const UNIT_BELOW_LARGEST = 30;

/** The grid around a model as exported. Both sides derive it from the same model file. */
export function parameterGrid(exported: ParameterSet): ParameterGrid {
  const tensors: GridTensor[] = [];
  let start = 0;
  for (const [name, values] of exported) {
    const kind = PARAMETER_KINDS.findIndex((each) => name.endsWith(`/${each}`));
    tensors.push({ name, kind: Math.max(0, kind), start, length: values.length, unitExponent: unitExponentOf(values) });
    start += values.length;
  }
  return { tensors, exported: concatenate(exported) };
}

/** Values at these offsets, one offset a value. */
export function valuesAt({ tensors, exported }: ParameterGrid, offsets: Float64Array): Float32Array {
  const values = new Float32Array(exported.length);
  for (const { start, length, unitExponent } of tensors) {
    const unit = 2 ** unitExponent;
    for (let i = start; i < start + length; i++) values[i] = (exported[i] as number) + (offsets[i] as number) * unit;
  }
  return values;
}

function unitExponentOf(values: Float32Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return (largest === 0 ? 0 : exponentOf(largest)) - UNIT_BELOW_LARGEST;
}

/**
 * The power of two at or below a positive number that float32 can hold. Math.log2 may be off by one bit from platform
 * to platform.
 */
function exponentOf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] as number;
  const stored = bits >>> 23;
  return stored > 0 ? stored - 127 : 31 - Math.clz32(bits) - 149;
}
