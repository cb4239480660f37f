import { readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { test } from 'tap';
import { edgeModel, foundationModel, hazyImages, labels } from '../../committed-models.test-support.js';
import { batchOf } from '../../models/batch.js';
import { readModels } from '../../models/model-facts.js';
import { ParametricSession } from '../../models/session.js';
import type { TrainingSamples } from '../../models/training-samples.js';
import type { Plan, StrategyStep } from '../strategy.js';
import { withAffines } from './affines.js';
import { Renorm } from './renorm.js';
import type { RenormState } from './state.js';

const models = readModels(edgeModel(), foundationModel());
const exported = readParameters(models.edge);
const strategy = await Renorm.open({ models, threads: 1, options: { steps: 4, batch: 24 } });
const session = await ParametricSession.create(models.edge, models.sampleShape, { threads: 1 });

const hazy = hazyImages(0, 72);
const clear = hazyImages(0, 36).map((data) => data.map((value) => Math.max(0, (value * 255 - 90) / 127.5)));

const samplesAt = (images: readonly Float32Array[], positions: readonly number[]): TrainingSamples => ({
  ...batchOf(positions.map((at) => ({ data: images[at] as Float32Array }))),
  origins: positions.map((position) => ({ position, device: `device-${position % 4}`, selection: undefined })),
});

async function upload(images: readonly Float32Array[], of = strategy): Promise<StrategyStep<RenormState>[]> {
  let state = of.initial();
  const steps: StrategyStep<RenormState>[] = [];
  for (let trained = 0; trained + 12 <= images.length; trained += 12) {
    const { fresh, replay, ...plan } = of.plan(state, { received: trained + 12, trained }) as Plan<RenormState>;
    const batches = { fresh: samplesAt(images, fresh), replay: samplesAt(images, replay) };
    const step = await of.step({ ...plan, fresh, replay }, batches);
    state = of.decode(of.encode(step.state));
    steps.push(step);
  }
  return steps;
}

async function accuracy(parameters: ParameterSet): Promise<number> {
  const logits = await session.logits(parameters, batchOf(hazyImages(5_000, 200).map((data) => ({ data }))));
  const right = labels(5_000, 200).filter((label, i) => {
    const row = logits.slice(i * 10, i * 10 + 10);
    return row.indexOf(Math.max(...row)) === label;
  });
  return right.length / 200;
}

test('in a haze it wins back what the source model has lost, and no less than statistics alone do', async (t) => {
  const last = (await upload(hazy)).at(-1) as StrategyStep<RenormState>;
  const [before, alone, after] = [
    await accuracy(exported),
    await accuracy(last.state.statistics.parameters),
    await accuracy(last.parameters),
  ];
  t.comment(`${before} before, ${alone} by statistics alone, ${after} distilled`);
  t.ok(alone > before + 0.15);
  t.ok(after > alone - 0.02);
  t.ok(Number.isFinite(last.edgeLoss));
});

test('gradients leave the statistics as they were settled', async (t) => {
  const { state } = (await upload(hazy.slice(0, 48))).at(-1) as StrategyStep<RenormState>;
  const moved = (suffix: string): boolean =>
    [...state.distilled].some(
      ([key, values]) =>
        key.endsWith(suffix) && values.some((value, i) => value !== state.statistics.parameters.get(key)?.[i]),
    );
  t.notOk(moved('/mean') || moved('/variance'));
  t.ok(moved('/gamma') && moved('/beta'));
});

test('another environment is distilled from the exported affines on', async (t) => {
  const steps = await upload([...clear, ...hazy.slice(0, 12)]);
  t.equal(steps.at(-1)?.since, 36);
  t.same(steps.at(-1)?.state.distilled, exported);
});

test('the same samples make the same versions', async (t) => {
  const [one, other] = [await upload(hazy.slice(0, 36)), await upload(hazy.slice(0, 36))];
  t.same(one.at(-1)?.parameters, other.at(-1)?.parameters);
});

test('without a foundation model it is pooled statistics', async (t) => {
  const alone = await Renorm.open({ models: readModels(edgeModel(), undefined), threads: 1 });
  const step = (await upload(hazy.slice(0, 24), alone)).at(-1) as StrategyStep<RenormState>;
  t.same(step.parameters, step.state.statistics.parameters);
  t.equal(step.edgeLoss, undefined);
  await alone.release();
});

test('a few samples among many that count for nothing change nothing', async (t) => {
  const hostile = hazy.slice(0, 12).map((data, i) => (i % 4 === 0 ? data : new Float32Array(784)));
  t.same((await upload(hostile)).at(-1)?.parameters, exported);
});

test('half of the way is half of the way', async (t) => {
  const [settled, eager] = [
    new Map([
      ['a/gamma', Float32Array.of(1)],
      ['a/mean', Float32Array.of(5)],
    ]),
    new Map([
      ['a/gamma', Float32Array.of(2)],
      ['a/mean', Float32Array.of(9)],
    ]),
  ];
  t.same([...withAffines(settled, eager, 0.5).values()], [Float32Array.of(1.5), Float32Array.of(5)]);
});

test('the sessions end', async () => {
  await Promise.all([strategy.release(), session.release()]);
});
