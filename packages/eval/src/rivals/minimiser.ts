import { type Batch, sgdStep, TrainingSession } from '@renorm/cloud/internal';
import { readParameters, trainingModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import type { MethodContext, Rival } from '../methods/eval-method.js';
import { BatchStatistics } from './batch-statistics.js';
import type { Anchor } from './fisher.js';

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

const WEIGHTS = 'weights';
const MOMENTUM = 0.9;
/** Of EATA's published code for ImageNet and batches of 64; and for small pictures the one of docs/evaluation.md. */
const [LARGE_RATE, SMALL_RATE] = [0.00025, 0.005];
const SMALL_SIDE = 64;

/** Are pictures so small that papers take settings of CIFAR for them? */
export const isSmall = (sampleShape: readonly number[]): boolean => Math.min(...sampleShape.slice(-2)) < SMALL_SIDE;

/** Weighted entropy, minimised step by step. With the batch's own statistics as running ones, batch renormalisation is batch normalization. */
export async function minimiser(
  { models: { edge, sampleShape, classes } }: MethodContext,
  { weighing, resetEvery = Number.POSITIVE_INFINITY, anchor }: MinimiserOptions,
): Promise<Rival> {
  const statistics = await BatchStatistics.open(edge, sampleShape);
  const model = trainingModel(edge, (graph, logits) => {
    const weights = graph.input(WEIGHTS, [undefined, 1]);
    const logP = graph.logSoftmax(logits);
    const entropy = graph.neg(graph.reduceSum(graph.mul(graph.exp(logP), logP), [1], true));
    return graph.reduceMean(graph.mul(weights, entropy));
  });
  const training = await TrainingSession.create(model, sampleShape, { threads: 1 });
  const learningRate = isSmall(sampleShape) ? SMALL_RATE : LARGE_RATE;
  const start = () => ({
    ...{ weigh: weighing(), parameters: readParameters(edge), velocities: new Map() as ParameterSet, batches: 0 },
  });
  let state = start();
  return {
    async step(batch: Batch) {
      if (state.batches >= resetEvery) state = start();
      state.batches += 1;
      const { parameters, velocities } = state;
      const measured = await statistics.measure(parameters, batch);
      const weights = state.weigh(measured.logits, classes);
      const used = weights.filter((weight) => weight > 0).length;
      if (used === 0) return measured.logits;
      // The loss is the mean over the samples that count.
      const shares = weights.map((weight) => (weight * batch.count) / used);
      const { gradients } = await training.run(measured.parameters, batch, new Map([[WEIGHTS, shares]]));
      const pulled = anchor === undefined ? gradients : anchor(gradients, parameters);
      state = { ...state, ...sgdStep(parameters, velocities, pulled, { learningRate, momentum: MOMENTUM }) };
      return measured.logits;
    },
    async close() {
      await statistics.close();
      await training.release();
    },
  };
}
