import { MAX_QUANTISED_BITS, MAX_SHIFT, METHOD, magnitudeBits } from './tensor-format.js';
import { bitLength, type TensorPlan } from './write-tensor.js';

/** Ways to write these differences of one tensor, whole numbers of units, without any loss. */
export function exactPlans(difference: Float64Array): TensorPlan[] {
  const shift = commonShift(difference);
  if (shift === undefined) return [unchangedPlan(difference.length)];
  const steps = difference.map((value) => value / 2 ** shift);
  const method = quantisedMethod(steps) ?? METHOD.dense;
  const plan = { shift, blocks: [], steps };
  return method === METHOD.dense
    ? [{ ...plan, method }]
    : [
        { ...plan, method },
        { ...plan, method: sparseMethod(method) },
      ];
}

/** Nothing is sent of a tensor. */
export function unchangedPlan(length: number): TensorPlan {
  return { method: METHOD.unchanged, shift: 0, blocks: [], steps: new Float64Array(length) };
}

/** The method that needs the fewest bits a number for all steps; undefined where 8 are not enough. */
export function quantisedMethod(steps: Float64Array): number | undefined {
  let largest = 1;
  for (const step of steps) largest = Math.max(largest, Math.abs(step));
  const method = METHOD.quantised + bitLength(largest - 1);
  return method <= MAX_QUANTISED_BITS && bitLength(largest - 1) <= magnitudeBits(MAX_QUANTISED_BITS)
    ? method
    : undefined;
}

/** What writes the same steps with their places. */
export const sparseMethod = (quantised: number): number => (quantised === 2 ? METHOD.ternary : METHOD.topK);

/** The largest power of two that divides all; undefined where all are 0. */
function commonShift(difference: Float64Array): number | undefined {
  let shift: number | undefined;
  for (const value of difference) {
    if (value === 0) continue;
    let own = 0;
    for (let rest = value; own < MAX_SHIFT && rest % 2 === 0; rest /= 2) own += 1;
    shift = Math.min(shift ?? own, own);
  }
  return shift;
}
