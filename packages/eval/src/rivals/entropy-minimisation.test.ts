import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readModels } from '@renorm/cloud/internal';
import { softmax } from '@renorm/edge';
import { test } from 'tap';
import { readLabelledImages } from '../data/labelled-images.js';
import type { MethodContext } from '../methods/eval-method.js';
import { labelledStream } from '../methods/labelled-stream.js';
import { PERFECT_LINK } from '../methods/link.js';
import { etaWeighing, tent } from './entropy-minimisation.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));

test('Tent lowers the entropy of a batch that it sees again and again', async (t) => {
  const bytes = new Uint8Array(await readFile(`${models}fashion-edge.onnx`));
  const context: MethodContext = {
    ...{ models: readModels({ name: 'edge', bytes }, undefined), batch: 16, link: PERFECT_LINK, seed: 1, cohort: 'a' },
    cleanInputs: async () => [],
  };
  const images = await readLabelledImages(`${models}fashion-mnist`);
  const { inputs } = await labelledStream(images, { corruption: 'gaussian_noise', severity: 5, count: 16, seed: 1 });
  const opened = await tent.open(context);
  const entropies: number[] = [];
  async function* again(): AsyncGenerator<Float32Array> {
    for (let round = 0; round < 8; round++) yield* inputs;
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
