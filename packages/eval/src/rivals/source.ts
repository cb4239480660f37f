import { ParametricSession } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';

/** For speed alone: each image is predicted as it would be by itself. */
const AT_ONCE = 16;

/** The exported model, unchanged. */
export const source: EvalMethod = {
  about: 'the exported model, unchanged',
  paper: '',
  needs: NEEDS_NOTHING,
  open: async (context) => inBatches(await fixed(context, 'running'), AT_ONCE),
};

/** Every layer normalises by the batch at hand. */
export const batchStatistics: EvalMethod = {
  about: 'every layer normalises by the batch at hand',
  paper: 'Nado et al., 2020',
  needs: { ...NEEDS_NOTHING, batches: true },
  open: async (context) => inBatches(await fixed(context, 'batch'), context.batch),
};

async function fixed(
  { models: { edge, sampleShape } }: MethodContext,
  statistics: 'running' | 'batch',
): Promise<Rival> {
  const session = await ParametricSession.create(edge, sampleShape, { threads: 1 }, statistics);
  const parameters = readParameters(edge);
  return { step: (batch) => session.logits(parameters, batch), close: () => session.release() };
}
