import { type Batch, sgdStep, TrainingSession } from '@renorm/cloud/internal';
import { softmax } from '@renorm/edge';
import { readParameters, trainingModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { BatchStatistics } from './batch-statistics.js';

/** What each sample of a batch counts in the loss. @param logits float32 [count, classes] */
export type Weighing = (logits: Float32Array, classes: number) => Float32Array;

const WEIGHTS = 'weights';
const MOMENTUM = 0.9;
/** Learning rates of the papers' ImageNet settings for batches of 64, and for pictures below 64 pixels, where they take larger ones. */
const [LARGE_RATE, SMALL_RATE] = [0.00025, 0.005];
const SMALL_SIDE = 64;

/** Tent: the mean entropy of each batch goes down, by the affines of layers that normalise by the batch; predictions are those before the step. */
export const tent: EvalMethod = {
  about: 'entropy of each batch, minimised by the affines (SGD, momentum 0.9)',
  paper: 'Wang et al., Tent, ICLR 2021',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) =>
    inBatches(
      await minimiser(context, (logits, classes) => new Float32Array(logits.length / classes).fill(1)),
      context.batch,
    ),
};

/** EATA without its Fisher term, as ETA in the paper: sure samples alone, unlike those before, the surer the more. */
export const eta: EvalMethod = {
  about: 'entropy of sure samples unlike those before, minimised by the affines (EATA without its Fisher term)',
  paper: 'Niu et al., EATA, ICML 2022',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) => inBatches(await minimiser(context, etaWeighing()), context.batch),
};

/**
 * Weights of ETA (equations 2 to 5): exp(E0 - H) below E0 = 0.4 ln C, where the cosine similarity to the moving mean (0.9) of the
 * probabilities taken so far is below d, 0.05, for up to 10 classes 0.4; else 0.
 */
export function etaWeighing(): Weighing {
  let mean: Float64Array | undefined;
  return (logits, classes) => {
    const [ceiling, margin] = [0.4 * Math.log(classes), classes <= 10 ? 0.4 : 0.05];
    const rows = Array.from({ length: logits.length / classes }, (_, i) =>
      softmax(logits.subarray(i * classes, (i + 1) * classes)),
    );
    const before = mean;
    const weights = Float32Array.from(rows, ({ probabilities, entropy }) =>
      entropy < ceiling && (before === undefined || cosine(before, probabilities) < margin)
        ? Math.exp(ceiling - entropy)
        : 0,
    );
    const taken = rows.filter((_, i) => (weights[i] as number) > 0);
    if (taken.length > 0) {
      const fresh = Float64Array.from(
        { length: classes },
        (_, c) => taken.reduce((sum, { probabilities }) => sum + (probabilities[c] as number), 0) / taken.length,
      );
      mean = before === undefined ? fresh : before.map((value, c) => 0.9 * value + 0.1 * (fresh[c] as number));
    }
    return weights;
  };
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return dot / Math.sqrt(squaresA * squaresB);
}

/** Weighted entropy, minimised step by step. With the batch's own statistics as running ones, batch renormalisation is batch normalization. */
async function minimiser({ models: { edge, sampleShape, classes } }: MethodContext, weigh: Weighing): Promise<Rival> {
  const statistics = await BatchStatistics.open(edge, sampleShape);
  const model = trainingModel(edge, (graph, logits) => {
    const weights = graph.input(WEIGHTS, [undefined, 1]);
    const logP = graph.logSoftmax(logits);
    const entropy = graph.neg(graph.reduceSum(graph.mul(graph.exp(logP), logP), [1], true));
    return graph.reduceMean(graph.mul(weights, entropy));
  });
  const training = await TrainingSession.create(model, sampleShape, { threads: 1 });
  const learningRate = Math.min(...sampleShape.slice(-2)) < SMALL_SIDE ? SMALL_RATE : LARGE_RATE;
  let parameters = readParameters(edge);
  let velocities: ParameterSet = new Map();
  return {
    async step(batch: Batch) {
      const measured = await statistics.measure(parameters, batch);
      const weights = weigh(measured.logits, classes);
      const used = weights.filter((weight) => weight > 0).length;
      if (used === 0) return measured.logits;
      // The loss is the mean over the samples that count.
      const shares = weights.map((weight) => (weight * batch.count) / used);
      const { gradients } = await training.run(measured.parameters, batch, new Map([[WEIGHTS, shares]]));
      ({ parameters, velocities } = sgdStep(parameters, velocities, gradients, { learningRate, momentum: MOMENTUM }));
      return measured.logits;
    },
    async close() {
      await statistics.close();
      await training.release();
    },
  };
}
