import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { batchOf, readModels } from '@renorm/cloud/internal';
import { test } from 'tap';
import { readLabelledImages } from '../data/labelled-images.js';
import { type EvalMethod, inBatches, type MethodContext, type OpenedMethod } from '../methods/eval-method.js';
import { labelledStream } from '../methods/labelled-stream.js';
import { PERFECT_LINK } from '../methods/link.js';
import { bestClass } from '../methods/outcome.js';
import { activationShifting } from './activation-shifting.js';
import { mixing } from './alpha-bn.js';
import { mixStatistics } from './mix-statistics.js';
import { batchStatistics, source } from './source.js';
import { unmixing, unmixTns } from './unmix-tns.js';

const models = fileURLToPath(new URL('../../../../models/', import.meta.url));
const BATCH = 12;
const bytes = new Uint8Array(await readFile(`${models}fashion-edge.onnx`));
const context: MethodContext = {
  ...{ models: readModels({ name: 'edge', bytes }, undefined), batch: BATCH, link: PERFECT_LINK, seed: 1, cohort: 'a' },
  cleanInputs: async () => [],
};
const images = await readLabelledImages(`${models}fashion-mnist`);
const { inputs } = await labelledStream(images, { corruption: 'contrast', severity: 4, count: 2 * BATCH, seed: 1 });

/** All logits of a method on some images, one after the other. */
async function logitsOf(opened: OpenedMethod, seen: readonly Float32Array[] = inputs): Promise<number[]> {
  async function* stream(): AsyncGenerator<Float32Array> {
    yield* seen;
  }
  const all: number[] = [];
  for await (const { logits } of opened.run(stream())) all.push(...logits);
  await opened.close();
  return all;
}
const of = async (method: EvalMethod, seen?: readonly Float32Array[]): Promise<number[]> =>
  logitsOf(await method.open(context), seen);
const withPrior = async (samples: number): Promise<number[]> =>
  logitsOf(inBatches(await mixing(context, samples), BATCH));
const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));

test('alpha-BN is the exported model with an endless prior, batch statistics without one, and lies between', async (t) => {
  const [exported, batches] = [await of(source), await of(batchStatistics)];
  t.ok(distance(exported, batches) > 1, 'which differ');
  t.ok(distance(await withPrior(Number.POSITIVE_INFINITY), exported) < 1e-4);
  t.ok(distance(await withPrior(0), batches) < 1e-3);
  const between = await withPrior(BATCH);
  t.ok(distance(between, exported) > 0.1 && distance(between, batches) > 0.1);
});

test('mixed statistics are those of both populations together', async (t) => {
  const of = (mean: number, variance: number) =>
    new Map([
      ['bn/mean', Float32Array.of(mean)],
      ['bn/variance', Float32Array.of(variance)],
      ['bn/gamma', Float32Array.of(3)],
    ]);
  // 0 and 2, and 4 and 6, half of each: mean 3, variance 5.
  const mixed = mixStatistics(of(1, 1), of(5, 1), 0.5);
  t.same(
    [...mixed.values()].map(([value]) => value),
    [3, 5, 3],
  );
});

test('the exported model predicts each image by itself; batch statistics by what came with it, in any order', async (t) => {
  const rest = [...inputs.slice(0, BATCH)].reverse();
  const [alone, turned] = [await of(source, inputs.slice(0, 1)), await of(source, rest)];
  const [first, last] = [(logits: number[]) => logits.slice(0, 10), (logits: number[]) => logits.slice(-10)];
  t.ok(distance(alone, last(turned)) < 1e-4);
  const [inOrder, reversed] = [await of(batchStatistics, inputs.slice(0, BATCH)), await of(batchStatistics, rest)];
  t.ok(distance(first(inOrder), last(reversed)) < 1e-3);
  const others = [inputs[0] as Float32Array, ...inputs.slice(BATCH, 2 * BATCH - 1)];
  t.ok(distance(first(inOrder), first(await of(batchStatistics, others))) > 0.05, 'other company, another prediction');
});

test('batch statistics undo a change of scale and offset in front of the first normalization', async (t) => {
  const opened = await mixing(context, 0);
  const dark = batchOf(inputs.map((data) => ({ data: data.map((value) => 0.5 * value) })));
  const [bright, dimmed] = [await opened.step(batchOf(inputs.map((data) => ({ data })))), await opened.step(dark)];
  await opened.close();
  const same = await logitsOf(await source.open(context));
  const darker = await logitsOf(
    await source.open(context),
    inputs.map((data) => data.map((value) => 0.5 * value)),
  );
  t.ok(distance([...bright], [...dimmed]) < 0.2 * distance(same, darker), 'half as bright changes little');
});

test('with one component UnMix-TNS normalises each image by itself', async (t) => {
  const few = inputs.slice(0, BATCH);
  const single = await unmixing(context, 1);
  const unmixed = await logitsOf(inBatches(single, BATCH), few);
  const alone = await logitsOf(await batchStatistics.open({ ...context, batch: 1 }), few);
  t.ok(distance(unmixed, alone) < 1e-3, `${distance(unmixed, alone)}`);
});

test('with many, an image is predicted by itself and by what came before, in whatever company', async (t) => {
  const few = inputs.slice(0, 4);
  const first = await logitsOf(inBatches(await unmixing(context, 16), 4), few);
  const other = await logitsOf(inBatches(await unmixing(context, 16), 4), [
    few[0] as Float32Array,
    ...inputs.slice(5, 8),
  ]);
  t.ok(distance(first.slice(0, 10), other.slice(0, 10)) < 1e-4);
  const later = await logitsOf(inBatches(await unmixing(context, 16), BATCH), [...inputs.slice(BATCH), ...few]);
  t.ok(distance(first.slice(0, 10), later.slice(-40, -30)) > 0.01, 'components have learnt');
});

test('where labels come in runs UnMix-TNS holds, and batch statistics do not', async (t) => {
  const stream = await labelledStream(images, { corruption: 'brightness', severity: 3, count: 240, seed: 1 });
  const order = [...stream.labels.keys()].sort((a, b) => (stream.labels[a] as number) - (stream.labels[b] as number));
  const sorted = order.map((i) => stream.inputs[i] as Float32Array);
  const right = (logits: number[]): number =>
    order.filter((i, row) => bestClass(Float32Array.from(logits), 10, row) === stream.labels[i]).length;
  const [unmixed, batches] = [right(await of(unmixTns, sorted)), right(await of(batchStatistics, sorted))];
  t.ok(unmixed > batches + 24, `right on ${unmixed} of 240, batch statistics on ${batches}`);
});

test('activation shifting brings the mean of the features to that of clean images, and needs these', async (t) => {
  const clean = await labelledStream(images, { corruption: undefined, severity: 1, count: 32, seed: 2 });
  const opened = await activationShifting.open({ ...context, cleanInputs: async (n) => clean.inputs.slice(0, n) });
  const few = inputs.slice(0, BATCH);
  const twice = await logitsOf(opened, [...few, ...few]);
  t.ok(distance(twice.slice(0, 10 * BATCH), await of(source, few)) < 1e-4, 'nothing is known before the first batch');
  // The last layer is linear: the mean of its outputs is that of the mean of its inputs.
  const mean = (logits: readonly number[], c: number): number =>
    logits.reduce((sum, logit, i) => (i % 10 === c ? sum + logit : sum), 0) / (logits.length / 10);
  const origin = await of(source, clean.inputs);
  for (let c = 0; c < 10; c++) t.ok(Math.abs(mean(twice.slice(10 * BATCH), c) - mean(origin, c)) < 1e-3, `class ${c}`);
  await t.rejects(activationShifting.open(context), { code: 'REQUEST_INVALID', message: /clean images/ });
});
