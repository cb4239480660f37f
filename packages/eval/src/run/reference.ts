import { batchOf, type Models, ParametricSession } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import { RenormError } from '@renorm/protocol';
import { modelInput } from '../data/model-input.js';
import { bestClass } from '../methods/outcome.js';
import { CLEAN } from '../streams/stream.js';
import type { PlannedImages } from './image-streams.js';
import type { EvalPlan } from './plan.js';

/**
 * What the foundation model, or without one the exported edge model, says of images as they are: what stands for labels
 * where there are none.
 *
 * @returns class by index of the image; images that cannot be read are missing
 */
export async function referenceLabels(
  plan: EvalPlan,
  { edge, foundation, sampleShape, foundationShape, view, classes }: Models,
  images: PlannedImages,
  wanted: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const model = foundation ?? edge;
  const session = await ParametricSession.create(model, foundationShape ?? sampleShape, { threads: 1 });
  const parameters = readParameters(model);
  const labels = new Map<number, number>();
  try {
    for (const index of wanted) {
      try {
        const data = modelInput(await images.image(CLEAN, index), plan.preprocessing);
        const sample = batchOf([{ data }]);
        labels.set(index, bestClass(await session.logits(parameters, view?.batch(sample) ?? sample), classes));
      } catch (error) {
        // Counted where the stream is read.
        if (!(error instanceof RenormError && error.code === 'IMAGE_UNREADABLE')) throw error;
      }
    }
  } finally {
    await session.release();
  }
  return labels;
}
