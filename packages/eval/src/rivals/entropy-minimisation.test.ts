import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { batchOf, readModels } from '@renorm/cloud/internal';
import { softmax } from '@renorm/edge';
import { readParameters } from '@renorm/onnx';
import { test } from 'tap';
import { readLabelledImages } from '../data/labelled-images.js';
import type { MethodContext } from '../methods/eval-method.js';
import { labelledStream } from '../methods/labelled-stream.js';
import { PERFECT_LINK } from '../methods/link.js';
import { eata, etaWeighing, tent } from './entropy-minimisation.js';
import { anchorTo, fisherInformation } from './fisher.js';
import { minimiser } from './minimiser.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));

const bytes = new Uint8Array(await readFile(`${models}fashion-edge.onnx`));
const images = await readLabelledImages(`${models}fashion-mnist`);
const clean = await labelledStream(images, { corruption: undefined, severity: 1, count: 48, seed: 2 });
const context: MethodContext = {
  ...{ models: readModels({ name: 'edge', bytes }, undefined), batch: 16, link: PERFECT_LINK, seed: 1, cohort: 'a' },
  cleanInputs: async (count) => clean.inputs.slice(0, count),
};
const noisy = await labelledStream(images, { corruption: 'gaussian_noise', severity: 5, count: 16, seed: 1 });
const batch = batchOf(noisy.inputs.map((data) => ({ data })));

test('Tent lowers the entropy of a batch that it sees again and again', async (t) => {
  const opened = await tent.open(context);
  const entropies: number[] = [];
  async function* again(): AsyncGenerator<Float32Array> {
    for (let round = 0; round < 8; round++) yield* noisy.inputs;
  }
  for await (const { logits } of opened.run(again())) entropies.push(softmax(logits).entropy);
  await opened.close();
  const mean = (from: number): number => entropies.slice(from, from + 16).reduce((sum, value) => sum + value, 0) / 16;
  t.equal(entropies.length, 128);
  t.ok(mean(112) < mean(0), `entropy ${mean(0)} at first, ${mean(112)} at last`);
});

test('EATA counts sure samples, the surer the more, and passes over those like what it had', async (t) => {
  const weigh = etaWeighing();
  const [sure, surer, unsure] = [
    [4, 0, 0],
    [8, 0, 0],
    [0.1, 0, 0],
  ];
  const first = weigh(Float32Array.from([sure, surer, unsure].flat()), 3);
  t.ok((first[1] as number) > (first[0] as number) && (first[0] as number) > 1, `${first}`);
  t.equal(first[2], 0);
  const second = weigh(Float32Array.from([...surer, 0, 8, 0]), 3);
  t.equal(second[0], 0, 'redundant');
  t.ok((second[1] as number) > 1, 'of another class');
});

test('RDumb, reset after two batches, is in the third what it was in the first', async (t) => {
  const rival = await minimiser(context, { weighing: etaWeighing, resetEvery: 2 });
  const [first, second, third] = [await rival.step(batch), await rival.step(batch), await rival.step(batch)];
  await rival.close();
  t.notSame(second, first, 'it has learnt in between');
  t.same(third, first);
});

test('Fisher information is above 0 where a parameter matters, and holds it the more', async (t) => {
  const information = await fisherInformation(context);
  const exported = readParameters(context.models.edge);
  const keys = [...information.keys()];
  t.ok(keys.length > 0 && keys.every((key) => /\/(gamma|beta)$/.test(key)));
  const values = keys.flatMap((key) => [...(information.get(key) as Float32Array)]);
  t.ok(values.every((value) => value >= 0) && values.some((value) => value > 0));

  /** How far the parameters went in six batches, each way weighed by what it matters. */
  const way = async (strength: number): Promise<number> => {
    let away = 0;
    const hold = anchorTo(exported, information, strength);
    const rival = await minimiser(context, {
      weighing: () => (logits, classes) => new Float32Array(logits.length / classes).fill(1),
      anchor(gradients, parameters) {
        away = keys
          .flatMap((key) =>
            [...(parameters.get(key) as Float32Array)].map(
              (value, i) => (information.get(key)?.[i] ?? 0) * (value - (exported.get(key)?.[i] ?? 0)) ** 2,
            ),
          )
          .reduce((sum, value) => sum + value, 0);
        return hold(gradients, parameters);
      },
    });
    for (let round = 0; round < 6; round++) await rival.step(batch);
    await rival.close();
    return away;
  };
  const [free, held] = [await way(0), await way(50 / Math.max(...values))];
  t.ok(free > 0 && held < 0.8 * free, `${held} with the penalty, ${free} without`);
});

test('without a penalty EATA is ETA, and without clean images it asks for ETA', async (t) => {
  const exported = readParameters(context.models.edge);
  const plain = await minimiser(context, { weighing: etaWeighing });
  const anchored = await minimiser(context, {
    weighing: etaWeighing,
    anchor: anchorTo(exported, await fisherInformation(context), 0),
  });
  for (let round = 0; round < 2; round++) t.same(await anchored.step(batch), await plain.step(batch));
  await Promise.all([plain.close(), anchored.close()]);
  await t.rejects(eata.open({ ...context, cleanInputs: async () => [] }), {
    code: 'REQUEST_INVALID',
    message: /clean images.*take eta/,
  });
});
