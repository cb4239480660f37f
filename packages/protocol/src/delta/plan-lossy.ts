import { quantisedMethod, sparseMethod, unchangedPlan } from './plan-exact.js';
import { BLOCK, MAX_SHIFT, METHOD } from './tensor-format.js';
import type { TensorPlan } from './write-tensor.js';

/** What is to be sent of one tensor, in units of its grid. */
export interface Residual {
  /** Target less what the receivers hold; need not be whole. */
  readonly values: Float64Array;
  /** Smallest difference that may be sent, where a value must not become negative. */
  readonly least: Float64Array | undefined;
}

/** A value is rounded away from 0 only from 0.6 of a step on: the bits saved are worth more than the error. */
const ROUNDING = 0.4;

/** A block's steps are at most 2 to this times as long as its tensor's. */
const MAX_BLOCK = 3;

/** Ways to write a residual with steps near to `step` units: longer steps cost fewer bits and more error. */
export function lossyPlans(residual: Residual, step: number): TensorPlan[] {
  const nearest = Math.round(Math.log2(Math.max(1, step)));
  const plans = [unchangedPlan(residual.values.length)];
  for (const shift of [nearest - 1, nearest, nearest + 1]) {
    if (shift < 0 || shift > MAX_SHIFT) continue;
    for (const blocks of blockScales(residual, shift)) {
      const steps = toSteps(residual, shift, blocks);
      const method = quantisedMethod(steps);
      if (method !== undefined) plans.push({ method, shift, blocks, steps });
      if (blocks.length > 0) continue;
      plans.push({ method: method === undefined ? METHOD.dense : sparseMethod(method), shift, blocks, steps });
    }
  }
  return plans;
}

/** The differences that a plan stands for, in units. */
export function plannedDifference({ steps, shift, blocks }: TensorPlan): Float64Array {
  return steps.map((step, i) => step * 2 ** (shift + (blocks[Math.floor(i / BLOCK)] ?? 0)));
}

/** All blocks alike; and longer steps for blocks whose values are large, where there is such a block beside others. */
function blockScales({ values }: Residual, shift: number): number[][] {
  const alike: number[] = [];
  if (values.length <= BLOCK) return [alike];
  const largest = Array.from({ length: Math.ceil(values.length / BLOCK) }, (_, block) =>
    values.subarray(block * BLOCK, (block + 1) * BLOCK).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  );
  // A block of up to 8 steps keeps the tensor's; from there each doubling lengthens its steps by half as much.
  const own = largest.map((value) => clamp(Math.floor(Math.log2(value / 2 ** shift / 8) / 2) + 1, MAX_BLOCK));
  return own.some((extra) => extra > 0) ? [alike, own] : [alike];
}

const clamp = (value: number, most: number): number => Math.max(0, Math.min(most, value));

function toSteps({ values, least }: Residual, shift: number, blocks: readonly number[]): Float64Array {
  return values.map((value, i) => {
    const length = 2 ** (shift + (blocks[Math.floor(i / BLOCK)] ?? 0));
    const steps = Math.sign(value) * Math.floor(Math.abs(value) / length + ROUNDING);
    const floor = least?.[i];
    return floor !== undefined && steps * length < floor ? Math.ceil(floor / length) : steps;
  });
}
