import { ParametricSession } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { BatchStatistics } from './batch-statistics.js';
import { mixStatistics } from './mix-statistics.js';

/** Samples that the source is worth (Schneider et al., figure 3: the best for batches of tens). */
const SOURCE_SAMPLES = 16;

/**
 * Statistics of the batch, mixed with those of the exported model by the number of samples behind each: a = n / (n +
 * 16).
 */
export const alphaBn: EvalMethod = {
  about: `statistics of the batch, mixed with the exported ones (worth ${SOURCE_SAMPLES} samples)`,
  paper: 'Schneider et al., NeurIPS 2020; You et al., alpha-BN, 2021',
  needs: { ...NEEDS_NOTHING, batches: true },
  open: async (context) => inBatches(await mixing(context, SOURCE_SAMPLES), context.batch),
};

/**
 * Two things differ from the papers, in its favour: all layers are measured under the batch's own statistics before any
 * is mixed, and the variance is that of the mixture, with the distance of the means in it.
 *
 * @param sourceSamples what the exported statistics are worth, N in Schneider et al.
 */
export async function mixing({ models: { edge, sampleShape } }: MethodContext, sourceSamples: number): Promise<Rival> {
  const exported = readParameters(edge);
  const statistics = await BatchStatistics.open(edge, sampleShape);
  const session = await ParametricSession.create(edge, sampleShape, { threads: 1 });
  return {
    async step(samples) {
      const { parameters } = await statistics.measure(exported, samples);
      const share = samples.count / (samples.count + sourceSamples);
      return session.logits(mixStatistics(exported, parameters, share), samples);
    },
    async close() {
      await statistics.close();
      await session.release();
    },
  };
}
