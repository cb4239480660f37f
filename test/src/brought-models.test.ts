import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CloudEvent, judgeModel, prepareModel, startCloud } from '@renorm/cloud';
import { openDevice, tryModel } from '@renorm/edge/node';
import { prepareClassifier, serializeModel } from '@renorm/onnx';
import { readModelFile } from '@renorm/onnx/node';
import { seededRandom } from '@renorm/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { type Test, test } from 'tap';
import { BODIES } from './support/brought-bodies.js';
import { BROUGHT, type Brought, folded, larger } from './support/brought-models.js';
import { writeModel } from './support/onnx-file.js';

const SAMPLES = 8;
const MODELS = [...BROUGHT, ...BODIES];
const IMAGE = [3, 8, 8];

/** Waits until a condition holds. */
async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1200 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  if (!condition()) throw new Error(`waited in vain for ${what}`);
}

function inFolder(t: Test, { file, beside }: Brought): { folder: string; model: string } {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-brought-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const model = join(folder, 'model.onnx');
  writeModel(model, file, beside === undefined ? {} : { [join(folder, 'beside.bin')]: beside });
  return { folder, model };
}

for (const brought of MODELS.filter(({ refused }) => refused === undefined)) {
  test(`a model with ${brought.title} adapts`, async (t) => {
    const { model } = inFolder(t, brought);
    const { options = {} } = brought;
    const verdict = await judgeModel({ model, ...options });
    t.match(verdict.edge, { ready: true }, JSON.stringify(verdict.edge));
    t.match(verdict.foundation, { ready: true });
    if (brought.own === undefined) return;
    const sample = sampleOf(brought, seededRandom(3));
    const prepared = serializeModel(prepareClassifier(await readModelFile(model), options).model);
    const served = softmax(await valuesOf(prepared, brought, sample));
    const values = await valuesOf(model, brought, sample, brought.own.output);
    const own = brought.own.are === 'probabilities' ? values : softmax(values);
    t.ok(
      served.every((each, k) => Math.abs(each - (own[k] as number)) < 1e-4),
      `[${served}] are the model's own, [${own}]`,
    );
  });
}

for (const brought of MODELS.filter(({ isWhole }) => isWhole)) {
  test(`a model with ${brought.title} goes through cloud and device`, async (t) => {
    const { folder, model } = inFolder(t, brought);
    const { options = {} } = brought;
    const events: CloudEvent[] = [];
    const cloud = await startCloud({
      ...{ edgeModel: model, foundationModel: model, data: join(folder, 'data'), port: 0, strategy: 'cema' },
      ...{ ...options, foundation: options, adaptation: { samplesPerStep: SAMPLES } },
      onEvent: (event) => void events.push(event),
    });
    t.teardown(() => cloud.close());
    const { address } = cloud;
    const device = await openDevice({ model, cloud: address, cohort: 'lobby', selection: 'everything', ...options });
    t.teardown(() => device.close());
    const random = seededRandom(3);
    for (let i = 0; i < SAMPLES; i++) await device.infer(sampleOf(brought, random));
    t.equal(await device.flush(), 0, 'all samples are at the cloud');
    await until('a step', () => events.some(({ kind }) => kind === 'step' || kind === 'failed'));
    t.same(
      events.filter(({ kind }) => kind === 'failed'),
      [],
    );
    const step = events.find((event) => event.kind === 'step');
    t.ok(Number.isFinite(step?.edgeLoss), 'a finite loss');
    const published = step?.version?.number;
    if (published !== undefined) await until('the version', () => device.status().version >= published);
  });
}

function sampleOf({ shape = IMAGE, below }: Brought, random: () => number): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, () => (below === undefined ? random() : Math.floor(random() * below)));
}

/** What onnxruntime makes of a model. @param output default: its first */
async function valuesOf(
  model: string | Uint8Array,
  { shape = IMAGE }: Brought,
  sample: Float32Array,
  output?: string,
): Promise<Float32Array> {
  const options = { logSeverityLevel: 3 } as const;
  const session = await (typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options));
  const result = await session.run({ x: new Tensor('float32', sample, [1, ...shape]) });
  await session.release();
  return result[output ?? session.outputNames[0] ?? '']?.data as Float32Array;
}

function softmax(values: Float32Array): Float32Array {
  const top = Math.max(...values);
  const sum = values.reduce((total, each) => total + Math.exp(each - top), 0);
  return values.map((each) => Math.exp(each - top) / sum);
}

for (const brought of MODELS.filter(({ refused }) => refused !== undefined)) {
  test(`a model with ${brought.title} is refused by inspect, cloud and device with the same words`, async (t) => {
    const { folder, model } = inFolder(t, brought);
    const { refused } = brought;
    const { edge, foundation } = await judgeModel({ model });
    t.match(edge, { ready: false, refusal: { code: refused?.code, text: refused?.message } });
    t.same(foundation, edge);
    const expected = { code: refused?.code, message: refused?.message };
    await t.rejects(tryModel(model), expected);
    await t.rejects(openDevice({ model, cloud: 'localhost:1', cohort: 'lobby' }), expected);
    await t.rejects(
      startCloud({ edgeModel: model, foundationModel: model, data: join(folder, 'data'), port: 0 }),
      expected,
    );
  });
}

test('a model whose normalization was folded is adapted by statistics once it is calibrated', async (t) => {
  const model = folded();
  const by = async (file: Uint8Array) => {
    const { strategies } = (await judgeModel({ model: file })).edge;
    return Object.fromEntries(strategies.map(({ strategy, refusal }) => [strategy, refusal?.text ?? 'ready']));
  };
  t.match(await by(model), { cema: 'ready', statistics: /folded into .*renorm prepare --calibrate/ });
  const { remarks } = await prepareModel({ model });
  t.match(remarks, [/folded into 1 layers.*--calibrate/]);
  t.same((await judgeModel({ model })).remarks, remarks, 'inspect says the same');
  const random = seededRandom(4);
  const calibrate = Array.from({ length: 40 }, () => Float32Array.from({ length: 192 }, random));
  const { bytes, changes } = await prepareModel({ model, calibrate });
  t.match(changes, [/what 1 folded layers see of 40 samples/]);
  t.match(await by(bytes), { cema: 'ready', statistics: 'ready' });
  t.same((await judgeModel({ model: bytes })).remarks, []);
  await t.rejects(prepareModel({ model, calibrate: [new Float32Array(3)] }), { message: /a sample has 3 values/ });
});

test('a foundation model of larger images, another normalization and more classes teaches', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'renorm-pair-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [edge] = BROUGHT;
  const model = edge?.file as Uint8Array;
  const foundation = {
    preprocessing: { fit: 'crop', shorterSide: 14, mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
    classes: [6, 0, 5, 1, 4],
  } as const;
  const pair = { foundationModel: larger(), foundation };
  const { pair: verdict } = await judgeModel({ model, ...pair });
  t.match(verdict, { ready: true, changes: [/left 5 of 7 classes/, /takes samples of \[3,12,12\].*crop 14/] });
  const alone = await judgeModel({ model, foundationModel: larger() });
  t.match(alone.pair, { ready: false, refusal: { code: 'MODEL_MISMATCH', text: /foundation: \{ classes/ } });
  const events: CloudEvent[] = [];
  const cloud = await startCloud({
    ...{ edgeModel: model, ...pair, data: join(folder, 'data'), port: 0, strategy: 'cema' },
    adaptation: { samplesPerStep: SAMPLES },
    onEvent: (event) => void events.push(event),
  });
  t.teardown(() => cloud.close());
  const device = await openDevice({ model, cloud: cloud.address, cohort: 'lobby', selection: 'everything' });
  t.teardown(() => device.close());
  const random = seededRandom(3);
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => 256 * random());
  for (let i = 0; i < SAMPLES; i++) {
    const raw = { width: 9, height: 7, channels: 3 } as const;
    const image = await sharp(bytes(189), { raw }).png().toBuffer();
    await device.infer(i % 2 === 0 ? { image } : Float32Array.from(bytes(192), (level) => level / 255));
  }
  t.equal(await device.flush(), 0, 'all samples are at the cloud');
  await until('a step', () => events.some(({ kind }) => kind === 'step' || kind === 'failed'));
  t.same(
    events.filter(({ kind }) => kind === 'failed'),
    [],
  );
  const step = events.find((event) => event.kind === 'step');
  t.ok(Number.isFinite(step?.edgeLoss) && Number.isFinite(step?.foundationLoss), 'finite losses');
});
