import { CostMeter } from './cost-meter.js';
import type { GridTensor, ParameterGrid } from './parameter-grid.js';
import { exactPlans } from './plan-exact.js';
import { lossyPlans, plannedDifference, type Residual } from './plan-lossy.js';
import { RansEncoder } from './rans-encoder.js';
import { CONTEXTS } from './tensor-format.js';
import { type LastScales, type TensorPlan, writeTensor } from './write-tensor.js';

/**
 * Bits that a squared error of one step is worth: what a uniform quantiser at high resolution pays for the last bit of
 * it, from dD/dR = -2 ln 2 D with D = step^2 / 12 (Gray and Neuhoff, "Quantization", IEEE Trans. Inf. Theory 44(6),
 * 1998).
 */
const BITS_PER_SQUARED_STEP = 6 / Math.LN2;

/** Writes a difference, in units of the grid, without loss. */
export function writeExact({ tensors }: ParameterGrid, difference: Float64Array): Uint8Array {
  const writer = new DifferenceWriter();
  for (const tensor of tensors) {
    writer.write(tensor, exactPlans(difference.subarray(tensor.start, tensor.start + tensor.length)), () => 0);
  }
  return writer.finish();
}

/**
 * Writes what matters of a residual: for each tensor the way that costs fewest bits, where errors count in bits too.
 *
 * @param residuals one per tensor
 * @param steps one per tensor, in units: an error of a third of it is about as bad in every tensor
 * @returns the bytes, and the difference that they decode to in units of the grid
 */
export function writeLossy(
  { tensors, exported }: ParameterGrid,
  residuals: readonly Residual[],
  steps: readonly number[],
): { bytes: Uint8Array; difference: Float64Array } {
  const writer = new DifferenceWriter();
  const difference = new Float64Array(exported.length);
  tensors.forEach((tensor, t) => {
    const residual = residuals[t] as Residual;
    const step = steps[t] as number;
    const worth = BITS_PER_SQUARED_STEP / step ** 2;
    const chosen = writer.write(tensor, lossyPlans(residual, step), (plan) => worth * squaredError(residual, plan));
    difference.set(plannedDifference(chosen), tensor.start);
  });
  return { bytes: writer.finish(), difference };
}

function squaredError({ values }: Residual, plan: TensorPlan): number {
  const planned = plannedDifference(plan);
  return values.reduce((sum, value, i) => sum + (value - (planned[i] as number)) ** 2, 0);
}

/** Tries each plan of a tensor on the scales, at what the coder has learnt so far, and writes the best. */
class DifferenceWriter {
  readonly #encoder = new RansEncoder(CONTEXTS);
  readonly #meter = new CostMeter(CONTEXTS);
  readonly #lastScales: LastScales = [];

  write(tensor: GridTensor, plans: readonly TensorPlan[], penalty: (plan: TensorPlan) => number): TensorPlan {
    let best: TensorPlan | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const plan of plans) {
      this.#meter.restart(this.#encoder.probabilities);
      writeTensor(this.#meter, tensor, plan, [...this.#lastScales]);
      const cost = this.#meter.bits + penalty(plan);
      if (cost >= least) continue;
      least = cost;
      best = plan;
    }
    const chosen = best ?? (plans[0] as TensorPlan);
    writeTensor(this.#encoder, tensor, chosen, this.#lastScales);
    return chosen;
  }

  finish(): Uint8Array {
    return this.#encoder.finish();
  }
}
