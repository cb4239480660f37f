import { readFileSync } from 'node:fs';
import { parseModel, readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { test } from 'tap';
import { edgeModel, hazyImages, labels, modelPath } from '../../committed-models.test-support.js';
import { batchOf } from '../../models/batch.js';
import { readModels } from '../../models/model-facts.js';
import { ParametricSession } from '../../models/session.js';
import { NO_SAMPLES, type TrainingSamples } from '../../models/training-samples.js';
import type { StatisticsState } from './state.js';
import { Statistics } from './statistics.js';

const models = readModels(edgeModel(), undefined);
const exported = readParameters(models.edge);
const strategy = await Statistics.open({ models, threads: 1 });
const session = await ParametricSession.create(models.edge, models.sampleShape, { threads: 1 });

const hazy = hazyImages(0, 72);
const clear = hazyImages(0, 72).map((data) => data.map((value) => Math.max(0, (value * 255 - 90) / 0.5 / 255)));

const samplesOf = (images: readonly Float32Array[], first: number): TrainingSamples => ({
  ...batchOf(images.map((data) => ({ data }))),
  origins: images.map((_, i) => ({ position: first + i, device: `device-${i % 4}`, selection: undefined })),
});

/** Uploads images a dozen at a time. @returns state and parameters after each step */
async function upload(images: readonly Float32Array[]) {
  let state: StatisticsState = strategy.initial();
  const steps: { parameters: ParameterSet; since: number }[] = [];
  for (let trained = 0; trained + 12 <= images.length; trained += 12) {
    const plan = strategy.plan(state, { received: trained + 12, trained });
    if (plan === undefined) throw new Error('there is no plan');
    const of = (positions: readonly number[]): TrainingSamples =>
      positions.length === 0
        ? NO_SAMPLES
        : samplesOf(
            positions.map((at) => images[at] as Float32Array),
            positions[0] ?? 0,
          );
    const step = await strategy.step(plan, { fresh: of(plan.fresh), replay: of(plan.replay) });
    state = strategy.decode(strategy.encode(step.state));
    steps.push({ parameters: step.parameters, since: state.since });
  }
  return steps;
}

async function accuracy(parameters: ParameterSet): Promise<number> {
  const test = batchOf(hazyImages(5_000, 200).map((data) => ({ data })));
  const logits = await session.logits(parameters, test);
  const right = labels(5_000, 200).filter((label, i) => {
    const row = logits.slice(i * 10, i * 10 + 10);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / 200;
}

test('five dozen images in a haze win back accuracy that the source model has lost; most of it, the first dozen', async (t) => {
  const steps = await upload(hazy.slice(0, 60));
  const before = await accuracy(exported);
  const first = await accuracy(steps[0]?.parameters ?? exported);
  const last = await accuracy(steps.at(-1)?.parameters ?? exported);
  t.comment(`${before} before, ${first} after a dozen, ${last} after five`);
  t.ok(first > before + 0.05 && last > before + 0.15, `${before}, ${first}, ${last}`);
});

test('one sample of the constant 100 among them moves the statistics by next to nothing', async (t) => {
  const spoilt = hazy.map((data, i) => (i === 5 ? new Float32Array(784).fill(100) : data));
  const [honest, with100] = [(await upload(hazy.slice(0, 36))).at(-1), (await upload(spoilt.slice(0, 36))).at(-1)];
  const [a, b] = [await accuracy(honest?.parameters ?? exported), await accuracy(with100?.parameters ?? exported)];
  t.ok(b > a - 0.02, `${a} without it, ${b} with it`);
});

test('another environment begins a pool of its own', async (t) => {
  const steps = await upload([...clear.slice(0, 36), ...hazy.slice(36)]);
  t.same(
    steps.map(({ since }) => since),
    [0, 0, 0, 36, 36, 36],
  );
});

test('there is a step for each dozen, and none before', async (t) => {
  t.equal(strategy.work({ received: 11, trained: 0 }), 'none');
  t.equal(strategy.work({ received: 12, trained: 0 }), 'fresh');
  t.match(strategy.plan(strategy.initial(), { received: 40, trained: 24 }), {
    fresh: [24, 25],
    replay: [0, 1],
    trained: 36,
  });
});

test('all that waits is pooled at once, and the environment that comes last makes the version', async (t) => {
  const images = [...clear.slice(0, 24), ...hazy.slice(24, 48)];
  const plan = strategy.plan(strategy.initial(), { received: 50, trained: 0 });
  if (plan === undefined) throw new Error('there is no plan');
  t.equal(plan.trained, 48);
  const step = await strategy.step(plan, { fresh: samplesOf(images, 0), replay: NO_SAMPLES });
  t.match(step, { since: 24, samples: 24 });
});

test('what is taken back is not pooled again', async (t) => {
  const state = strategy.restart(strategy.initial(), exported);
  t.match(strategy.plan(state, { received: 40, trained: 24 }), { replay: [] });
});

test('a model that it cannot adapt is refused, with the strategy that can', async (t) => {
  for (const [name, reason] of [
    ['group-norm-op', /each sample by itself/],
    ['folded', /was folded into/],
  ] as const) {
    const edge = parseModel(readFileSync(modelPath(`patterns/${name}.onnx`)), name);
    const opening = Statistics.open({ models: { edge, sampleShape: [3, 8, 8], classes: 10 }, threads: 1 });
    await t.rejects(opening, { code: 'MODEL_MISMATCH', message: reason });
    await t.rejects(opening, { message: /strategy cema/ });
  }
});

test('the sessions end', async () => {
  await strategy.release();
  await session.release();
});
