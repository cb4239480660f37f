import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readModels } from '@renorm/cloud/internal';
import { softmax } from '@renorm/edge';
import { seededRandom } from '@renorm/protocol';
import { test } from 'tap';
import { readLabelledImages } from '../data/labelled-images.js';
import type { EvalMethod, MethodContext } from '../methods/eval-method.js';
import { labelledStream } from '../methods/labelled-stream.js';
import { PERFECT_LINK } from '../methods/link.js';
import { bestClass } from '../methods/outcome.js';
import { lame } from './lame.js';
import { laplacianAdjusted, laplacianObjective, nearestNeighbours } from './laplacian.js';
import { lastLinear } from './last-linear.js';
import { source } from './source.js';
import { floatsOf, WrittenSession } from './written-session.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));
const bytes = new Uint8Array(await readFile(`${models}fashion-edge.onnx`));
const context: MethodContext = {
  ...{ models: readModels({ name: 'edge', bytes }, undefined), batch: 40, link: PERFECT_LINK, seed: 1, cohort: 'a' },
  cleanInputs: async () => [],
};

/** Logits of a method, image after image. */
async function logitsOf(
  method: EvalMethod,
  inputs: readonly Float32Array[],
  own: MethodContext = context,
): Promise<Float32Array[]> {
  const opened = await method.open(own);
  async function* stream(): AsyncGenerator<Float32Array> {
    yield* inputs;
  }
  const rows: Float32Array[] = [];
  for await (const { logits } of opened.run(stream())) rows.push(logits);
  await opened.close();
  return rows;
}

test('a sample that is unsure takes the class of its neighbours; without neighbours nothing changes', async (t) => {
  const sure = [0.9, 0.1];
  const probabilities = [sure, sure, sure, [0.45, 0.55]];
  const near = nearestNeighbours(
    [
      [1, 0],
      [1, 0.01],
      [1, 0.02],
      [1, 0.03],
    ],
    2,
  );
  t.same(
    near.map((row) => [...row]),
    [
      [0, 1, 1, 0],
      [1, 0, 1, 0],
      [0, 1, 0, 1],
      [0, 1, 1, 0],
    ],
  );
  t.ok((laplacianAdjusted(probabilities, near)[3]?.[0] as number) > 0.8);
  const [alone] = laplacianAdjusted([[0.45, 0.55]], nearestNeighbours([[1, 0]], 5));
  t.ok(Math.abs((alone?.[0] as number) - 0.45) < 1e-9);
});

test('the concave-convex procedure lowers the objective with each step, and stays where it came to', async (t) => {
  const next = seededRandom(3);
  const rows = (width: number): number[][] =>
    Array.from({ length: 12 }, () => Array.from({ length: width }, () => next() + 0.01));
  const probabilities = rows(4).map((row) => row.map((value) => value / row.reduce((sum, each) => sum + each, 0)));
  // Products of features are positive semidefinite.
  const features = rows(3);
  const affinity = features.map((a) =>
    features.map((b) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)),
  );
  const objectives = [laplacianObjective(probabilities, probabilities, affinity)];
  const end = laplacianAdjusted(probabilities, affinity, (assigned) => {
    objectives.push(laplacianObjective(assigned, probabilities, affinity));
  });
  t.ok(objectives.length > 3);
  for (const [i, value] of objectives.entries())
    if (i > 0) t.ok(value <= (objectives[i - 1] as number) + 1e-9, `step ${i}`);
  t.ok(end.every((row) => Math.abs(row.reduce((sum, share) => sum + share, 0) - 1) < 1e-9));
});

test('the features of our model are what its last linear layer reads, and make its logits', async (t) => {
  const { edge, sampleShape } = context.models;
  const session = await WrittenSession.open(edge, sampleShape, {
    outputs(graph, logits) {
      const last = lastLinear(graph, logits);
      t.equal(last?.features.name, edge.graph.node.find(({ output }) => output.includes(edge.output.name))?.input[0]);
      return new Map([
        ['logits', logits],
        ['again', last?.logitsOf(graph.plus(last.features, graph.constant(0))) ?? logits],
        ['twice', last?.logitsOf(graph.scale(last.features, 2)) ?? logits],
      ]);
    },
  });
  const image = (await readLabelledImages(`${models}fashion-mnist`)).image(0);
  const outputs = await session.run({ data: Float32Array.from(image.data, (value) => value / 255), count: 1 });
  await session.close();
  const [logits, again, twice] = ['logits', 'again', 'twice'].map((name) => [...floatsOf(outputs, name)]);
  t.same(again, logits);
  t.notSame(twice, logits);
});

test('one image at a time, LAME is the exported model; where neighbours share a class, it is better', async (t) => {
  const images = await readLabelledImages(`${models}fashion-mnist`);
  const stream = await labelledStream(images, { corruption: 'gaussian_noise', severity: 4, count: 400, seed: 1 });
  const order = stream.labels
    .map((_, i) => i)
    .sort((a, b) => (stream.labels[a] as number) - (stream.labels[b] as number));
  const inputs = order.map((i) => stream.inputs[i] as Float32Array);
  const labels = order.map((i) => stream.labels[i] as number);
  const right = (rows: readonly Float32Array[]): number =>
    rows.filter((row, i) => bestClass(row, 10) === labels[i]).length;

  const [few, alone] = [inputs.slice(0, 8), { ...context, batch: 1 }];
  const [exported, single] = [await logitsOf(source, few), await logitsOf(lame, few, alone)];
  for (const [i, row] of exported.entries()) {
    const [p, q] = [softmax(row).probabilities, softmax(single[i] as Float32Array).probabilities];
    t.ok(p.every((value, c) => Math.abs(value - (q[c] as number)) < 1e-5));
  }
  const [before, after] = [right(await logitsOf(source, inputs)), right(await logitsOf(lame, inputs))];
  t.ok(after > before + 8, `right on ${after} sorted by class, the exported model on ${before}`);
});
