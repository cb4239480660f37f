import { ParametricSession } from '@renorm/cloud/internal';
import { softmax } from '@renorm/edge';
import { readParameters } from '@renorm/onnx';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { laplacianAdjusted, nearestNeighbours, type Rows } from './laplacian.js';
import { penultimateModel } from './penultimate.js';

/** Of the authors' best overall setting. */
const NEIGHBOURS = 5;

/** LAME: the exported model's probabilities of a batch, moved towards those of near samples; no parameter of the model changes. */
export const lame: EvalMethod = {
  about: 'probabilities of a batch moved towards those of the 5 nearest samples; the model stays as exported',
  paper: 'Boudiaf et al., LAME, CVPR 2022',
  needs: { ...NEEDS_NOTHING, batches: true },
  open: async (context) => inBatches(await adjusting(context), context.batch),
};

async function adjusting({ models: { edge, sampleShape, classes } }: MethodContext): Promise<Rival> {
  const parameters = readParameters(edge);
  const session = await ParametricSession.create(edge, sampleShape, { threads: 1 });
  const features = penultimateModel(edge);
  const measuring = features && (await ParametricSession.create(features, sampleShape, { threads: 1 }));
  return {
    async step(batch) {
      const logits = await session.logits(parameters, batch);
      const probabilities = rowsOf(logits, classes).map((row) => softmax(row).probabilities);
      // Where the model has no last linear layer, samples are near that are predicted alike.
      const near: Rows =
        measuring === undefined ? probabilities : rowsOfCount(await measuring.logits(parameters, batch), batch.count);
      const adjusted = laplacianAdjusted(probabilities, nearestNeighbours(near, NEIGHBOURS));
      return Float32Array.from(adjusted.flatMap((row) => Array.from(row, (share) => Math.log(Math.max(share, 1e-30)))));
    },
    async close() {
      await session.release();
      await measuring?.release();
    },
  };
}

const rowsOf = (data: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));
const rowsOfCount = (data: Float32Array, count: number): Float32Array[] => rowsOf(data, data.length / count);
