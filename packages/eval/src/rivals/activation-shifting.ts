import { type Batch, batchOf } from '@renorm/cloud/internal';
import { RenormError } from '@renorm/protocol';
import { Tensor } from 'onnxruntime-node';
import { type EvalMethod, inBatches, type MethodContext, NEEDS_NOTHING, type Rival } from '../methods/eval-method.js';
import { lastLinear } from './last-linear.js';
import { meanRow, rowsIn } from './rows.js';
import { floatsOf, WrittenSession } from './written-session.js';

/** Images that the mean of clean features is taken over, as many as the paper needs. */
const IMAGES = 32;
/** Of the moving mean of features (equation 9). */
const SHARE = 0.1;
const [LOGITS, FEATURES, SHIFT] = ['logits', 'features', 'shift'];

/**
 * FOA, its activation shifting alone: features move back by what their moving mean lies away from that of clean images.
 */
export const activationShifting: EvalMethod = {
  about: `features before the last layer, moved back to the mean of ${IMAGES} clean images (FOA without its prompts)`,
  paper: 'Niu et al., FOA, ICML 2024',
  needs: { ...NEEDS_NOTHING, batches: true, clean: true },
  open: async (context) => inBatches(await shifting(context), context.batch),
};

/** @throws RenormError REQUEST_INVALID: no clean images, or no last linear layer */
export async function shifting({ models: { edge, sampleShape }, cleanInputs }: MethodContext): Promise<Rival> {
  const clean = await cleanInputs(IMAGES);
  if (clean.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      'foa-shift moves features back to where they are on clean images, and the data have none; leave it out of --methods.',
    );
  let width = 0;
  const session = await WrittenSession.open(edge, sampleShape, {
    outputs(graph, logits) {
      const last = lastLinear(graph, logits);
      width = last?.features.shape?.[1] ?? 0;
      if (last === undefined || width === 0)
        throw new RenormError(
          'REQUEST_INVALID',
          `${edge.name} does not end in a linear layer, whose input foa-shift moves; leave it out of --methods.`,
        );
      const shifted = last.logitsOf(graph.plus(last.features, graph.input(SHIFT, [width])));
      return new Map([
        [LOGITS, shifted],
        [FEATURES, last.features],
      ]);
    },
  });
  /** Logits of features moved so far, and the mean of the features as they were. */
  const run = async (batch: Batch, shift: Float32Array) => {
    const outputs = await session.run(batch, { [SHIFT]: new Tensor('float32', shift, [width]) });
    return { logits: floatsOf(outputs, LOGITS), mean: meanRow(rowsIn(floatsOf(outputs, FEATURES), width)) };
  };
  const none = new Float32Array(width);
  const origin = (await run(batchOf(clean.map((data) => ({ data }))), none)).mean;
  let seen: Float64Array | undefined;
  return {
    async step(batch) {
      // Equation 8; as in the published code, the mean before this batch.
      const shift = none.map((_, i) => (seen === undefined ? 0 : (origin[i] as number) - (seen[i] as number)));
      const { logits, mean } = await run(batch, shift);
      seen = seen === undefined ? mean : seen.map((value, i) => (1 - SHARE) * value + SHARE * (mean[i] as number));
      return logits;
    },
    close: () => session.close(),
  };
}
