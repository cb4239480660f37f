import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { batchOf, readModels } from '@renorm/cloud/internal';
import { readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { test } from 'tap';
import { readLabelledImages } from '../data/labelled-images.js';
import type { MethodContext } from '../methods/eval-method.js';
import { labelledStream } from '../methods/labelled-stream.js';
import { PERFECT_LINK } from '../methods/link.js';
import { augmenting } from './augmented.js';
import { continual } from './cotta.js';
import { adam, sgd } from './optimizers.js';
import { robustMeanTeacher } from './rmt.js';
import { priorCorrected, robust, roidWeighing } from './roid.js';
import { softmaxRows } from './rows.js';
import { climbed, sharpnessAware } from './sar.js';
import { batchStatistics } from './source.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));
const bytes = new Uint8Array(await readFile(`${models}fashion-edge.onnx`));
const context: MethodContext = {
  ...{ models: readModels({ name: 'edge', bytes }, undefined), batch: 16, link: PERFECT_LINK, seed: 1, cohort: 'a' },
  cleanInputs: async () => [],
};
const exported = readParameters(context.models.edge);
const images = await readLabelledImages(`${models}fashion-mnist`);
const noisy = await labelledStream(images, { corruption: 'gaussian_noise', severity: 5, count: 16, seed: 1 });
const batch = batchOf(noisy.inputs.map((data) => ({ data })));

async function byBatchStatistics(): Promise<Float32Array> {
  const opened = await batchStatistics.open(context);
  const logits: number[] = [];
  async function* stream(): AsyncGenerator<Float32Array> {
    yield* noisy.inputs;
  }
  for await (const moment of opened.run(stream())) logits.push(...moment.logits);
  await opened.close();
  return Float32Array.from(logits);
}

/** The largest distance between two lists of numbers. */
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] as number))));
const away = (parameters: ParameterSet): number =>
  Math.max(...[...parameters].map(([key, values]) => distance(values, exported.get(key) as Float32Array)));

test('SAR climbs 0.05 before it steps, and begins anew where the loss collapses', async (t) => {
  const up = climbed(new Map([['g', Float32Array.of(1, 1)]]), new Map([['g', Float32Array.of(3, -4)]]));
  t.ok(distance(up.get('g') as Float32Array, [1.03, 0.96]) < 1e-6);
  let resets = 0;
  const collapsing = await sharpnessAware(context, { collapsed: Number.POSITIVE_INFINITY, onReset: () => resets++ });
  const stable = await sharpnessAware(context, { collapsed: 0 });
  const first = await stable.step(batch);
  t.ok(distance(first, await byBatchStatistics()) < 1e-3);
  t.notSame(await stable.step(batch), first, 'it learns');
  t.same([await collapsing.step(batch), await collapsing.step(batch)], [first, first]);
  t.equal(resets, 2);
  await Promise.all([collapsing.close(), stable.close()]);
});

test('the teacher of CoTTA predicts and hardly moves; what is set back is exported', async (t) => {
  let student: ParameterSet = exported;
  const onStep = (each: ParameterSet): void => {
    student = each;
  };
  const outputs = async (restore: number): Promise<Float32Array[]> => {
    const rival = await continual(context, { restore, views: 0, onStep });
    const seen = [await rival.step(batch), await rival.step(batch), await rival.step(batch)];
    await rival.close();
    return seen;
  };
  const own = await byBatchStatistics();
  const [free, set] = [await outputs(0), await outputs(1)];
  t.equal(away(student), 0, 'all of it was set back');
  t.ok(distance(set[2] as Float32Array, own) < 1e-3, 'so the teacher stays');
  const moved = distance(free[2] as Float32Array, own);
  t.ok(moved > 0 && moved < 0.02, `the teacher moved its logits by ${moved}`);
  await outputs(0.5);
  const pairs = [...student].flatMap(([key, values]) =>
    /gamma|beta/.test(key) ? Array.from(values, (value, i) => value === exported.get(key)?.[i]) : [],
  );
  const share = pairs.filter(Boolean).length / pairs.length;
  t.ok(share > 0.35 && share < 0.65, `${share} of the parameters were set back in the last step`);
});

test('CoTTA averages views where the exported model is unsure', async (t) => {
  const foggy = await labelledStream(images, { corruption: 'fog', severity: 5, count: 16, seed: 1 });
  const unsure = batchOf(foggy.inputs.map((data) => ({ data })));
  const [plain, averaged] = [await continual(context, { views: 0 }), await continual(context, { views: 3 })];
  t.ok(distance(await plain.step(unsure), await averaged.step(unsure)) > 0.05);
  await Promise.all([plain.close(), averaged.close()]);
});

test('student and teacher of RMT predict together, and the student learns', async (t) => {
  const rival = await robustMeanTeacher(context);
  const [first, second] = [await rival.step(batch), await rival.step(batch)];
  await rival.close();
  const own = await byBatchStatistics();
  t.ok(
    distance(
      first,
      own.map((logit) => 2 * logit),
    ) < 1e-3,
  );
  t.ok(distance(first, second) > 1e-3);
});

test('ROID counts sure samples of rare classes, and of none too common', async (t) => {
  const weigh = roidWeighing();
  const sure = [8, 0, 0];
  for (let i = 0; i < 20; i++) weigh(Float32Array.from([sure, sure].flat()), 3);
  const [common, rare, unsure] = weigh(Float32Array.from([sure, [0, 8, 0], [0, 1, 0.9]].flat()), 3);
  t.equal(common, 0, 'of the class that came all the time');
  t.ok((rare as number) > 2 * (unsure as number) && (unsure as number) > 0, `${rare} and ${unsure}`);
  t.same([...roidWeighing()(Float32Array.from(sure), 3)], [1], 'a sample by itself counts');
});

test('the steps of ROID stay near the exported model', async (t) => {
  const ways: number[] = [];
  const rival = await robust(context, (parameters) => ways.push(away(parameters)));
  for (let round = 0; round < 4; round++) await rival.step(batch);
  await rival.close();
  // The first step of Adam is as long as its rate, 0.001, and a hundredth of the way leads back.
  t.ok(Math.abs((ways[0] as number) - 0.00099) < 1e-5, `${ways}`);
  t.ok((ways[3] as number) > 0.001 && (ways[3] as number) < 0.004);
});

test('a prior of the batch raises the classes that are common in it', async (t) => {
  const rows = [5, 1, 1, 5, 1, 1, 5, 1, 1, 1.2, 1, 1.3];
  const corrected = softmaxRows(priorCorrected(Float32Array.from(rows), 3), 3);
  t.equal(softmaxRows(Float32Array.from(rows), 3)[3]?.label, 2);
  t.equal(corrected[3]?.label, 0, 'what was open goes to the common class');
});

test('a view is another picture of the same place; the first step of Adam has the length of its rate', async (t) => {
  let [i, draws] = [0, [0.5, 0.5, 0.5, 0.5, 0.9, 0.5]];
  const augment = augmenting(context, () => draws[i++ % draws.length] as number);
  t.ok(distance(augment(batch).data, batch.data) < 1e-5, 'nothing drawn, nothing changed');
  [i, draws] = [0, [0.5, 0.5, 0.5, 0.5, 0.1, 0.5]];
  const row = (data: Float32Array): number[] => [...data.subarray(28 * 14, 28 * 15)];
  t.ok(distance(row(augment(batch).data), row(batch.data).reverse()) < 1e-5, 'mirrored');
  const [p, g] = [new Map([['a/beta', Float32Array.of(1, 1)]]), new Map([['a/beta', Float32Array.of(4, -0.001)]])];
  t.ok(distance(adam(0.001).step(p, g).get('a/beta') as Float32Array, [0.999, 1.001]) < 1e-6);
  t.ok(distance(sgd(0.1).step(p, g).get('a/beta') as Float32Array, [0.6, 1.0001]) < 1e-6);
});
