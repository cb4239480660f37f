import { type Batch, ParametricSession, TrainingSession } from '@renorm/cloud/internal';
import { type Loss, normalizationLayers, type OnnxModel, trainingModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import type { MethodContext } from '../methods/eval-method.js';
import { BatchStatistics, type MeasuredBatch } from './batch-statistics.js';

/** Predictions under the statistics of a batch, and gradients of a loss through them. */
export interface Learner {
  measure(parameters: ParameterSet, batch: Batch): Promise<MeasuredBatch>;
  /**
   * @param measured of the same batch: with its statistics as running ones, batch renormalisation is batch
   *   normalization
   * @param targets by name of the loss's inputs: float32 [batch, columns]
   * @returns by key of gamma and beta
   */
  gradients(measured: MeasuredBatch, batch: Batch, targets: ReadonlyMap<string, Float32Array>): Promise<ParameterSet>;
  close(): Promise<void>;
}

/** Of a model without BatchNormalization, too: its other layers normalise each sample by itself. @throws OnnxError */
export async function learner({ models: { edge, sampleShape } }: MethodContext, loss: Loss): Promise<Learner> {
  const hasStatistics = normalizationLayers(edge).some(({ kind }) => kind === 'BatchNormalization');
  const statistics = hasStatistics
    ? await BatchStatistics.open(edge, sampleShape)
    : await withoutStatistics(edge, sampleShape);
  const training = await TrainingSession.create(trainingModel(edge, loss), sampleShape, { threads: 1 });
  return {
    measure: (parameters, batch) => statistics.measure(parameters, batch),
    gradients: async ({ parameters }, batch, targets) => (await training.run(parameters, batch, targets)).gradients,
    async close() {
      await statistics.close();
      await training.release();
    },
  };
}

async function withoutStatistics(
  edge: OnnxModel,
  sampleShape: readonly number[],
): Promise<Pick<BatchStatistics, 'measure' | 'close'>> {
  const session = await ParametricSession.create(edge, sampleShape, { threads: 1 });
  return {
    measure: async (parameters, batch) => ({ logits: await session.logits(parameters, batch), parameters }),
    close: () => session.release(),
  };
}
