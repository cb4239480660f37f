import type { ParameterSet } from '@renorm/protocol';

/**
 * Stochastic gradient descent as PyTorch defines it: v <- momentum v + g, p <- p - rate v, with v = g in the first
 * step.
 */
export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
}

/** @returns parameters and velocities after one step; parameters without a gradient stay as they are */
export function sgdStep(
  parameters: ParameterSet,
  velocities: ParameterSet,
  gradients: ParameterSet,
  { learningRate, momentum }: SgdOptions,
): { parameters: ParameterSet; velocities: ParameterSet } {
  const moved = new Map(parameters);
  const kept = new Map(velocities);
  for (const [key, gradient] of gradients) {
    const before = velocities.get(key);
    const velocity = before === undefined ? gradient : gradient.map((g, i) => momentum * (before[i] as number) + g);
    kept.set(key, velocity);
    moved.set(
      key,
      (parameters.get(key) as Float32Array).map((p, i) => p - learningRate * (velocity[i] as number)),
    );
  }
  return { parameters: moved, velocities: kept };
}

/** Running statistics after a step: they move by `share` of the way to the batch's. */
export function moveStatistics(parameters: ParameterSet, batch: ParameterSet, share: number): ParameterSet {
  const moved = new Map(parameters);
  for (const [key, target] of batch) {
    moved.set(
      key,
      (parameters.get(key) as Float32Array).map((value, i) => value + share * ((target[i] as number) - value)),
    );
  }
  return moved;
}
