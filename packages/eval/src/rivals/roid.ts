import { moveTowards, rowsOf } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import { type ParameterSet, seededRandom } from '@renorm/protocol';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { augmenting } from './augmented.js';
import { added } from './gradients.js';
import { learner } from './learner.js';
import { CERTAINTY, likelihoodRatioLoss, TARGETS, WEIGHTS } from './losses.js';
import { publishedOptimizer } from './optimizers.js';
import { cosine, meanRow, rowsIn, softmaxRows } from './rows.js';

/** Of the weights. */
const TEMPERATURE = 1 / 3;
/** The way back to the exported parameters after each step: the paper's weight ensembling. */
const BACK = 0.01;
const LARGE_RATE = 0.00025;

/**
 * ROID: certain and diverse samples count, two views agree, the affines stay near the exported ones, and rare classes
 * are predicted less.
 */
export const roid: EvalMethod = {
  about:
    'soft likelihood ratio of certain and diverse samples, agreement with a view of them, affines drawn back to the exported ones; predictions weighed by the classes of the batch',
  paper: 'Marsden et al., ROID, WACV 2024',
  needs: { ...NEEDS_NOTHING, batches: true, gradients: true },
  open: async (context) => inBatches(await robust(context), context.batch),
};

/** @param onStep sees the parameters after each step */
export async function robust(
  context: MethodContext,
  onStep: (parameters: ParameterSet) => void = () => undefined,
): Promise<Rival> {
  const { edge, sampleShape, classes } = context.models;
  const opened = await learner(context, likelihoodRatioLoss(classes));
  const augment = augmenting(context, seededRandom(context.seed));
  const exported = readParameters(edge);
  const optimizer = publishedOptimizer(sampleShape, LARGE_RATE);
  const weigh = roidWeighing();
  let parameters = exported;
  return {
    async step(batch) {
      const measured = await opened.measure(parameters, batch);
      const { logits } = measured;
      const weights = weigh(logits, classes);
      const rows = [...weights.keys()].filter((i) => (weights[i] as number) > 0);
      const view = augment(rowsOf(batch, rows));
      const seen = await opened.measure(parameters, view);
      // The symmetric cross-entropy teaches both sides, each with the other as its target. Sums are over the samples
      // that count, shares of the batch.
      const ofAll = new Float32Array(logits.length);
      for (const [i, row] of rowsIn(seen.logits, classes).entries()) ofAll.set(row, (rows[i] as number) * classes);
      const own = await opened.gradients(
        measured,
        batch,
        new Map([
          [CERTAINTY, weights],
          [WEIGHTS, weights],
          [TARGETS, ofAll],
        ]),
      );
      const other = await opened.gradients(
        seen,
        view,
        new Map([
          [CERTAINTY, new Float32Array(rows.length)],
          [WEIGHTS, Float32Array.from(rows, (row) => ((weights[row] as number) * rows.length) / batch.count)],
          [TARGETS, Float32Array.from(rows.flatMap((row) => [...(rowsIn(logits, classes)[row] as Float32Array)]))],
        ]),
      );
      parameters = moveTowards(optimizer.step(parameters, added(own, other)), exported, BACK);
      onStep(parameters);
      return priorCorrected(logits, classes);
    },
    close: () => opened.close(),
  };
}

/**
 * What each sample counts, the paper's certainty and diversity weighting: exp( diversity certainty / T ), where
 * diversity is the distance of its probabilities from their moving mean (0.9), certainty its negative entropy, both
 * from 0 to 1 in the batch; those of less diversity than the mean of the batch do not count.
 */
export function roidWeighing(): (logits: Float32Array, classes: number) => Float32Array {
  let mean: Float64Array | undefined;
  return (logits, classes) => {
    const rows = softmaxRows(logits, classes);
    const before = mean ?? new Float64Array(classes).fill(1 / classes);
    const diversity = inUnit(rows.map(({ probabilities }) => 1 - cosine(before, probabilities)));
    const certainty = inUnit(rows.map(({ entropy }) => -entropy));
    const fresh = meanRow(rows.map(({ probabilities }) => probabilities));
    mean = before.map((value, c) => 0.9 * value + 0.1 * (fresh[c] as number));
    const least = diversity.reduce((sum, value) => sum + value, 0) / diversity.length;
    return Float32Array.from(diversity, (value, i) =>
      value < least ? 0 : Math.exp((value * (certainty[i] as number)) / TEMPERATURE),
    );
  };
}

/** From 0 to 1; all 0 where they are alike. */
function inUnit(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (high > low ? (value - low) / (high - low) : 0));
}

/** Logits times the smoothed share of each class among the predictions of the batch: the paper's prior correction. */
export function priorCorrected(logits: Float32Array, classes: number): Float32Array {
  const rows = softmaxRows(logits, classes);
  const prior = meanRow(rows.map(({ probabilities }) => probabilities));
  const smoothing = Math.max(1 / rows.length, 1 / classes) / Math.max(...prior);
  return logits.map((logit, i) => (logit * ((prior[i % classes] as number) + smoothing)) / (1 + smoothing * classes));
}
