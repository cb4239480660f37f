import { batchOf, type ParametricSession } from '@renorm/cloud';
import type { ParameterSet } from '@renorm/protocol';
import type { LabelledStream } from './labelled-stream.js';
import { bestClass, type Outcome, withoutTraffic } from './outcome.js';

/** Images for one run of the model: batch statistics are those of so many images, as in the literature. */
export const BATCH = 64;

/**
 * A model as it is, image after image in batches of 64. With a session on running statistics that is the source model; with one on
 * batch statistics, a device that normalises each batch by itself (Nado et al. 2020).
 */
export async function withoutAdaptation(
  session: ParametricSession,
  parameters: ParameterSet,
  { inputs, labels }: LabelledStream,
): Promise<Outcome> {
  let hits = 0;
  for (let start = 0; start < inputs.length; start += BATCH) {
    const batch = batchOf(inputs.slice(start, start + BATCH).map((data) => ({ data })));
    const logits = await session.logits(parameters, batch);
    const classes = logits.length / batch.count;
    for (let i = 0; i < batch.count; i++) hits += bestClass(logits, classes, i) === labels[start + i] ? 1 : 0;
  }
  return withoutTraffic(hits / inputs.length);
}
