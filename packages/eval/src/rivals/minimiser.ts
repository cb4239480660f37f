import type { Batch } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import type { MethodContext, Rival } from '../methods/eval-method.js';
import type { Anchor } from './fisher.js';
import { learner } from './learner.js';
import { WEIGHTS, weightedEntropy } from './losses.js';
import { publishedOptimizer } from './optimizers.js';

/** What each sample of a batch counts in the loss. @param logits float32 [count, classes] */
export type Weighing = (logits: Float32Array, classes: number) => Float32Array;

/** How entropy is minimised. */
export interface MinimiserOptions {
  /** Called at the beginning and after each reset. */
  readonly weighing: () => Weighing;
  /** Back to the exported model after so many batches. Default: never */
  readonly resetEvery?: number;
  /** Holds parameters near the exported ones. */
  readonly anchor?: Anchor;
}

/** Of Tent's and EATA's published code for ImageNet and batches of 64. */
const LARGE_RATE = 0.00025;

/** Weighted entropy, minimised step by step. */
export async function minimiser(
  context: MethodContext,
  { weighing, resetEvery = Number.POSITIVE_INFINITY, anchor }: MinimiserOptions,
): Promise<Rival> {
  const { edge, sampleShape, classes } = context.models;
  const opened = await learner(context, weightedEntropy);
  const start = () => ({
    ...{ weigh: weighing(), parameters: readParameters(edge), batches: 0 },
    optimizer: publishedOptimizer(sampleShape, LARGE_RATE),
  });
  let state = start();
  return {
    async step(batch: Batch) {
      if (state.batches >= resetEvery) state = start();
      state.batches += 1;
      const { parameters, optimizer } = state;
      const measured = await opened.measure(parameters, batch);
      const weights = overThoseThatCount(state.weigh(measured.logits, classes));
      if (weights === undefined) return measured.logits;
      const gradients = await opened.gradients(measured, batch, new Map([[WEIGHTS, weights]]));
      const pulled = anchor === undefined ? gradients : anchor(gradients, parameters);
      state = { ...state, parameters: optimizer.step(parameters, pulled) };
      return measured.logits;
    },
    close: () => opened.close(),
  };
}

/** Weights whose mean over the batch is the mean over the samples that count; undefined where none does. */
export function overThoseThatCount(weights: Float32Array): Float32Array | undefined {
  const used = weights.filter((weight) => weight > 0).length;
  return used === 0 ? undefined : weights.map((weight) => (weight * weights.length) / used);
}
