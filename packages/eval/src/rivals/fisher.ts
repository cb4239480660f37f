import { batchOf, TrainingSession } from '@renorm/cloud/internal';
import { softmax } from '@renorm/edge';
import { readParameters, trainingModel } from '@renorm/onnx';
import { type ParameterSet, RenormError } from '@renorm/protocol';
import type { MethodContext } from '../methods/eval-method.js';
import { BatchStatistics } from './batch-statistics.js';

/** Adds to gradients that of a penalty for having left the exported parameters. */
export type Anchor = (gradients: ParameterSet, parameters: ParameterSet) => ParameterSet;

/** Clean images; the published code takes 2,000. */
const IMAGES = 512;
const BATCH = 64;
const LABELS = 'labels';

/**
 * Diagonal Fisher information of gammas and betas (EATA, equation 9): squares of the gradients of the cross-entropy with the model's own
 * labels, a batch of clean images after the other, and their mean.
 *
 * @throws RenormError REQUEST_INVALID: the data have no clean images
 */
export async function fisherInformation({
  models: { edge, sampleShape, classes },
  cleanInputs,
}: MethodContext): Promise<ParameterSet> {
  const inputs = await cleanInputs(IMAGES);
  if (inputs.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      'eata measures on clean images how much each parameter matters, and the data have none; take eta.',
    );
  const exported = readParameters(edge);
  const statistics = await BatchStatistics.open(edge, sampleShape);
  const model = trainingModel(edge, (graph, logits) => {
    const labels = graph.input(LABELS, [undefined, classes]);
    return graph.reduceMean(graph.neg(graph.reduceSum(graph.mul(labels, graph.logSoftmax(logits)), [1])));
  });
  const training = await TrainingSession.create(model, sampleShape, { threads: 1 });
  let information: ParameterSet = new Map();
  const batches = Math.ceil(inputs.length / BATCH);
  for (let start = 0; start < inputs.length; start += BATCH) {
    const batch = batchOf(inputs.slice(start, start + BATCH).map((data) => ({ data })));
    const { logits, parameters } = await statistics.measure(exported, batch);
    const labels = new Float32Array(logits.length);
    for (let i = 0; i < batch.count; i++)
      labels[i * classes + softmax(logits.subarray(i * classes, (i + 1) * classes)).label] = 1;
    const { gradients } = await training.run(parameters, batch, new Map([[LABELS, labels]]));
    information = new Map(
      [...gradients].map(([key, gradient]) => [
        key,
        gradient.map((g, i) => (information.get(key)?.[i] ?? 0) + g ** 2 / batches),
      ]),
    );
  }
  await statistics.close();
  await training.release();
  return information;
}

/** The gradient of `strength` sum F (p - p0)^2 (equation 8), added. */
export function anchorTo(exported: ParameterSet, information: ParameterSet, strength: number): Anchor {
  return (gradients, parameters) =>
    new Map(
      [...gradients].map(([key, gradient]) => {
        const [now, then, weight] = [parameters.get(key), exported.get(key), information.get(key)];
        return [
          key,
          gradient.map(
            (g, i) => g + 2 * strength * (weight?.[i] ?? 0) * ((now?.[i] as number) - (then?.[i] as number)),
          ),
        ];
      }),
    );
}
