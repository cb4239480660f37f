import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { laplacianAdjusted, nearestNeighbours, type Rows } from './laplacian.js';
import { lastLinear } from './last-linear.js';
import { rowsIn, softmaxRows } from './rows.js';
import { floatsOf, WrittenSession } from './written-session.js';

/** Of the authors' best overall setting. */
const NEIGHBOURS = 5;
const [LOGITS, FEATURES] = ['logits', 'features'];

/**
 * LAME: the exported model's probabilities of a batch, moved towards those of near samples; no parameter of the model
 * changes.
 */
export const lame: EvalMethod = {
  about: 'probabilities of a batch moved towards those of the 5 nearest samples; the model stays as exported',
  paper: 'Boudiaf et al., LAME, CVPR 2022',
  needs: { ...NEEDS_NOTHING, batches: true },
  open: async (context) => inBatches(await adjusting(context), context.batch),
};

async function adjusting({ models: { edge, sampleShape, classes } }: MethodContext): Promise<Rival> {
  let hasFeatures = false;
  const session = await WrittenSession.open(edge, sampleShape, {
    outputs(graph, logits) {
      const features = lastLinear(graph, logits)?.features;
      hasFeatures = features !== undefined;
      return new Map([[LOGITS, logits], ...(features === undefined ? [] : [[FEATURES, features] as const])]);
    },
  });
  return {
    async step(batch) {
      const outputs = await session.run(batch);
      const probabilities = softmaxRows(floatsOf(outputs, LOGITS), classes).map((row) => row.probabilities);
      // Where the model has no last linear layer, samples are near that are predicted alike.
      const near: Rows = hasFeatures ? featureRows(floatsOf(outputs, FEATURES), batch.count) : probabilities;
      const adjusted = laplacianAdjusted(probabilities, nearestNeighbours(near, NEIGHBOURS));
      return Float32Array.from(adjusted.flatMap((row) => Array.from(row, (share) => Math.log(Math.max(share, 1e-30)))));
    },
    close: () => session.close(),
  };
}

const featureRows = (data: Float32Array, count: number): Float32Array[] => rowsIn(data, data.length / count);
