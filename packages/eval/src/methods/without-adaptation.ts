import { batchOf, type EdgeLogits } from '@renorm/cloud/internal';
import type { ParameterSet } from '@renorm/protocol';
import type { LabelledStream } from './labelled-stream.js';
import { bestClass, type Outcome, withoutTraffic } from './outcome.js';

/** Images for one run of the model: batch statistics are those of so many images, as in the literature. */
const BATCH = 64;

/**
 * A model as it is, image after image in batches of 64. With logits on running statistics that is the source model; on
 * batch statistics, a device that normalises each batch by itself (Nado et al. 2020).
 */
export async function withoutAdaptation(
  logits: EdgeLogits,
  parameters: ParameterSet,
  { inputs, labels }: LabelledStream,
): Promise<Outcome> {
  let hits = 0;
  for (let start = 0; start < inputs.length; start += BATCH)
    hits += await hitsIn(logits, parameters, inputs.slice(start, start + BATCH), labels.slice(start));
  return withoutTraffic(hits / inputs.length);
}

async function hitsIn(
  logitsOf: EdgeLogits,
  parameters: ParameterSet,
  inputs: readonly Float32Array[],
  labels: readonly number[],
): Promise<number> {
  const logits = await logitsOf(parameters, batchOf(inputs.map((data) => ({ data }))));
  const classes = logits.length / inputs.length;
  return inputs.filter((_, i) => bestClass(logits, classes, i) === labels[i]).length;
}
