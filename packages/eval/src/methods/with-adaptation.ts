import { type AdaptedStreamSetup, adaptedStream } from './adapted-stream.js';
import type { LabelledStream } from './labelled-stream.js';
import { bestClass, type Outcome } from './outcome.js';

/** A strategy and a policy on one device's stream, which never pauses. Bytes are those of the real messages. */
export async function withAdaptation(setup: AdaptedStreamSetup, { inputs, labels }: LabelledStream): Promise<Outcome> {
  const { classes } = setup.training.models;
  let [hits, kept, bytesUp, bytesDown] = [0, 0, 0, 0];
  for await (const moment of adaptedStream(setup, inputs)) {
    hits += bestClass(moment.logits, classes) === labels[moment.index] ? 1 : 0;
    kept += moment.kept ? 1 : 0;
    bytesUp += moment.bytesUp;
    bytesDown += moment.bytesDown;
  }
  const thousands = inputs.length / 1000;
  return {
    accuracy: hits / inputs.length,
    uploaded: kept / inputs.length,
    bytesUpPerThousand: bytesUp / thousands,
    bytesDownPerThousand: bytesDown / thousands,
  };
}
