import { batchOf } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import { type ParameterSet, RenormError } from '@renorm/protocol';
import type { MethodContext } from '../methods/eval-method.js';
import { learner } from './learner.js';
import { softmaxRows } from './rows.js';

/** Adds to gradients that of a penalty for having left the exported parameters. */
export type Anchor = (gradients: ParameterSet, parameters: ParameterSet) => ParameterSet;

/** Clean images; the published code takes 2,000. */
const IMAGES = 512;
const BATCH = 64;
const LABELS = 'labels';

/**
 * Diagonal Fisher information of gammas and betas (EATA, equation 9): squares of the gradients of the cross-entropy
 * with the model's own labels, a batch of clean images after the other, and their mean.
 *
 * @throws RenormError REQUEST_INVALID: the data have no clean images
 */
export async function fisherInformation(context: MethodContext): Promise<ParameterSet> {
  const { edge, classes } = context.models;
  const inputs = await context.cleanInputs(IMAGES);
  if (inputs.length === 0)
    throw new RenormError(
      'REQUEST_INVALID',
      'eata measures on clean images how much each parameter matters, and the data have none; take eta.',
    );
  const exported = readParameters(edge);
  const opened = await learner(context, (graph, logits) => {
    const labels = graph.input(LABELS, [undefined, classes]);
    return graph.reduceMean(graph.neg(graph.reduceSum(graph.mul(labels, graph.logSoftmax(logits)), [1])));
  });
  let information: ParameterSet = new Map();
  const batches = Math.ceil(inputs.length / BATCH);
  for (let start = 0; start < inputs.length; start += BATCH) {
    const batch = batchOf(inputs.slice(start, start + BATCH).map((data) => ({ data })));
    const measured = await opened.measure(exported, batch);
    const { logits } = measured;
    const labels = new Float32Array(logits.length);
    for (const [i, { label }] of softmaxRows(logits, classes).entries()) labels[i * classes + label] = 1;
    const gradients = await opened.gradients(measured, batch, new Map([[LABELS, labels]]));
    information = new Map(
      [...gradients].map(([key, gradient]) => [
        key,
        gradient.map((g, i) => (information.get(key)?.[i] ?? 0) + g ** 2 / batches),
      ]),
    );
  }
  await opened.close();
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
