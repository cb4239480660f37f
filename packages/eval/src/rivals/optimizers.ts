import { sgdStep } from '@renorm/cloud/internal';
import type { ParameterSet } from '@renorm/protocol';

/** Steps against gradients. What it remembers of earlier steps is in it. */
export interface Optimizer {
  /** @returns parameters after the step; those without a gradient as they are */
  step(parameters: ParameterSet, gradients: ParameterSet): ParameterSet;
}

const MOMENTUM = 0.9;

/** SGD with momentum 0.9. */
export function sgd(learningRate: number): Optimizer {
  let velocities: ParameterSet = new Map();
  return {
    step(parameters, gradients) {
      const moved = sgdStep(parameters, velocities, gradients, { learningRate, momentum: MOMENTUM });
      velocities = moved.velocities;
      return moved.parameters;
    },
  };
}

/** Adam (Kingma and Ba, ICLR 2015, algorithm 1) with the exponents 0.9 and 0.999. */
export function adam(learningRate: number): Optimizer {
  const [b1, b2, epsilon] = [0.9, 0.999, 1e-8];
  const first = new Map<string, Float64Array>();
  const second = new Map<string, Float64Array>();
  let steps = 0;
  return {
    step(parameters, gradients) {
      steps += 1;
      const moved = new Map(parameters);
      for (const [key, gradient] of gradients) {
        const m = first.get(key) ?? new Float64Array(gradient.length);
        const v = second.get(key) ?? new Float64Array(gradient.length);
        const values = (parameters.get(key) as Float32Array).slice();
        for (const [i, g] of gradient.entries()) {
          m[i] = b1 * (m[i] as number) + (1 - b1) * g;
          v[i] = b2 * (v[i] as number) + (1 - b2) * g * g;
          const direction = (m[i] as number) / (1 - b1 ** steps);
          const size = Math.sqrt((v[i] as number) / (1 - b2 ** steps)) + epsilon;
          values[i] = (values[i] as number) - (learningRate * direction) / size;
        }
        first.set(key, m);
        second.set(key, v);
        moved.set(key, values);
      }
      return moved;
    },
  };
}

const SMALL_SIDE = 64;

/** Are pictures so small that papers take settings of CIFAR for them? */
export const isSmall = (sampleShape: readonly number[]): boolean => Math.min(...sampleShape.slice(-2)) < SMALL_SIDE;

/**
 * What the papers optimise with: for small pictures Adam with 0.001, as all of them do for CIFAR, else SGD with the
 * rate that each has for ImageNet.
 */
export const publishedOptimizer = (sampleShape: readonly number[], largeRate: number): Optimizer =>
  isSmall(sampleShape) ? adam(0.001) : sgd(largeRate);
