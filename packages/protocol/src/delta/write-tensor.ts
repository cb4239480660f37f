import type { BitSink } from './bit-sink.js';
import type { GridTensor } from './parameter-grid.js';
import {
  BLOCK,
  CONTEXT,
  CONTEXTS_PER_KIND,
  FIRST_SHIFT,
  MAX_BITS,
  MAX_QUANTISED_BITS,
  METHOD,
  magnitudeBits,
  TOP_K_BITS,
} from './tensor-format.js';

/** How one tensor is to be written. */
export interface TensorPlan {
  /** One of METHOD, or 2 to 8. */
  readonly method: number;
  /** A step is 2^shift units. */
  readonly shift: number;
  /** Powers of two by which the steps of a block are longer, where a quantised tensor has more than one. */
  readonly blocks: readonly number[];
  /** Whole steps, one per value. */
  readonly steps: Float64Array;
}

/** Power of two of the last scale of each kind. */
export type LastScales = (number | undefined)[];

/** Writes what `readDifference` reads for one tensor. `lastScales` moves on where a scale is written. */
export function writeTensor(sink: BitSink, tensor: GridTensor, plan: TensorPlan, lastScales: LastScales): void {
  const { method, shift, blocks, steps } = plan;
  const base = tensor.kind * CONTEXTS_PER_KIND;
  for (let i = 3, node = 1; i >= 0; i--) {
    const bit = (method >> i) & 1;
    sink.bit(base + CONTEXT.method + node, bit);
    node = node * 2 + bit;
  }
  if (method === METHOD.unchanged) return;
  writeScale(sink, base, tensor, shift, lastScales);
  if (method === METHOD.dense) writeRun(sink, base, steps, 0, steps.length, MAX_BITS.dense);
  else if (method <= MAX_QUANTISED_BITS) writeBlocks(sink, base, steps, blocks, magnitudeBits(method));
  else writeSparse(sink, base, steps, method === METHOD.ternary ? 0 : TOP_K_BITS);
}

function writeScale(
  sink: BitSink,
  base: number,
  { kind, unitExponent }: GridTensor,
  shift: number,
  last: LastScales,
): void {
  const scale = unitExponent + shift;
  const change = scale - (last[kind] ?? unitExponent + FIRST_SHIFT);
  last[kind] = scale;
  writeNumber(sink, base + CONTEXT.scale, Math.abs(change), MAX_BITS.scale);
  if (change !== 0) sink.bit(base + CONTEXT.scaleSign, change < 0 ? 1 : 0);
}

function writeBlocks(sink: BitSink, base: number, steps: Float64Array, blocks: readonly number[], bits: number): void {
  for (let start = 0; start < steps.length; start += BLOCK) {
    if (steps.length > BLOCK) writeNumber(sink, base + CONTEXT.block, blocks[start / BLOCK] ?? 0, MAX_BITS.block);
    writeRun(sink, base, steps, start, Math.min(start + BLOCK, steps.length), bits);
  }
}

function writeRun(sink: BitSink, base: number, steps: Float64Array, from: number, to: number, bits: number): void {
  let before = from > 0 && steps[from - 1] !== 0 ? 1 : 0;
  let neighbours = before + (from > 1 && steps[from - 2] !== 0 ? 1 : 0);
  for (let i = from; i < to; i++) {
    const step = steps[i] as number;
    const present = step === 0 ? 0 : 1;
    sink.bit(base + CONTEXT.zero + neighbours, present);
    if (present === 1) writeSigned(sink, base, step, bits);
    neighbours = before + present;
    before = present;
  }
}

function writeSparse(sink: BitSink, base: number, steps: Float64Array, bits: number): void {
  let count = 0;
  for (const step of steps) if (step !== 0) count += 1;
  writeNumber(sink, base + CONTEXT.count, count, MAX_BITS.place);
  let gap = 0;
  for (const step of steps) {
    if (step === 0) {
      gap += 1;
      continue;
    }
    writeNumber(sink, base + CONTEXT.gap, gap, MAX_BITS.place);
    writeSigned(sink, base, step, bits);
    gap = 0;
  }
}

function writeSigned(sink: BitSink, base: number, step: number, bits: number): void {
  sink.even(step < 0 ? 1 : 0);
  writeNumber(sink, base + CONTEXT.magnitude, Math.abs(step) - 1, bits);
}

function writeNumber(sink: BitSink, base: number, number: number, most: number): void {
  const length = bitLength(number);
  for (let i = 0; i < length; i++) sink.bit(base + Math.min(i, 15), 1);
  if (length < most) sink.bit(base + Math.min(length, 15), 0);
  for (let i = length - 2; i >= 0; i--) {
    const bit = Math.floor(number / 2 ** i) % 2;
    if (i === length - 2) sink.bit(base + 16 + Math.min(length, 15), bit);
    else sink.even(bit);
  }
}

/** Bits of a whole number without its leading zeros. */
export function bitLength(number: number): number {
  let length = 0;
  for (let rest = number; rest >= 1; rest = Math.floor(rest / 2)) length += 1;
  return length;
}
