import { readParameters } from '@renorm/onnx';
import { test } from 'tap';
import { edgeModel, foundationModel, hazyImages, labels } from '../../committed-models.test-support.js';
import { batchOf } from '../../models/batch.js';
import { modelPair } from '../../models/model-facts.js';
import { ParametricSession } from '../../models/session.js';
import { Adaptation } from './adaptation.js';
import { ADAPTATION_DEFAULTS } from './options.js';

const batch = (first: number, count: number) => batchOf(hazyImages(first, count).map((data) => ({ data })));
const create = (options = {}) => Adaptation.create({ models: modelPair(edgeModel(), foundationModel()), options });
const none = batchOf([]);

test('the defaults are the constants of the public configuration', async (t) => {
  t.match(ADAPTATION_DEFAULTS, {
    samplesPerStep: 32,
    replaySamplesPerStep: 96,
    replayStartsAt: 256,
    replayCapacity: 10_000,
    idleReplayBatch: 128,
    foundationLearningRate: 2.5e-4,
    edgeLearningRate: 2.5e-3,
    momentum: 0.9,
    statisticsMomentum: 0.1,
    entropyCeiling: 0.4,
    temperature: 1,
    entropyWeight: 3,
    divergenceWeight: 3,
    crossEntropyWeight: 1,
  });
});

test('step 1: the foundation model moves in its affines and running statistics, by gradient and a tenth of the way', async (t) => {
  const adaptation = await create();
  const before = adaptation.initialState();
  const { state, foundationLoss } = await adaptation.step(before, batch(0, 32), none);
  t.ok(Number.isFinite(foundationLoss));
  const changed = [...state.foundation.parameters].filter(([key, values]) =>
    values.some((value, i) => value !== before.foundation.parameters.get(key)?.[i]),
  );
  t.equal(changed.length, before.foundation.parameters.size, 'every gamma, beta, mean and variance');
  t.same(before.foundation.parameters, readParameters(adaptation.pair.foundation), 'the state before is untouched');
  await adaptation.release();
});

test('step 3: replayed samples count in the batch; an idle step leaves the foundation model alone', async (t) => {
  const adaptation = await create();
  const first = await adaptation.step(adaptation.initialState(), batch(0, 32), batch(32, 96));
  t.equal(first.samples, 128);
  const idle = await adaptation.idleStep(first.state, batch(0, 128));
  t.equal(idle.foundationLoss, undefined);
  t.equal(idle.state.foundation, first.state.foundation);
  t.not(
    idle.state.edge.parameters.get('/1/BatchNormalization/gamma'),
    first.state.edge.parameters.get('/1/BatchNormalization/gamma'),
  );
  await adaptation.release();
});

test('step 3: the targets come from the foundation model as the foundation step has left it', async (t) => {
  const adaptation = await create({ foundationLearningRate: 0.05 });
  const start = adaptation.initialState();
  const stepped = await adaptation.step(start, batch(0, 32), none);
  const frozen = await adaptation.idleStep(start, batch(0, 32));
  t.ok(
    Math.abs(stepped.edgeLoss - frozen.edgeLoss) > 1e-3,
    `${stepped.edgeLoss} with the step, ${frozen.edgeLoss} without`,
  );
  const replayed = await adaptation.idleStep({ ...start, foundation: stepped.state.foundation }, batch(0, 32));
  t.equal(replayed.edgeLoss, stepped.edgeLoss);
  await adaptation.release();
});

test('twelve steps on images in a haze win back accuracy that the source model has lost', async (t) => {
  const adaptation = await create();
  let state = adaptation.initialState();
  const session = await ParametricSession.create(adaptation.pair.edge, adaptation.pair.sampleShape, { threads: 1 });
  const accuracy = async (): Promise<number> => {
    const logits = await session.logits(state.edge.parameters, batch(5_000, 300));
    const truth = labels(5_000, 300);
    const hits = truth.filter((label, i) => {
      const row = logits.slice(i * 10, i * 10 + 10);
      return row.indexOf(Math.max(...row)) === label;
    });
    return hits.length / truth.length;
  };
  const before = await accuracy();
  for (let i = 0; i < 12; i++) ({ state } = await adaptation.step(state, batch(i * 32, 32), none));
  const after = await accuracy();
  t.comment(`accuracy ${before.toFixed(3)} before, ${after.toFixed(3)} after`);
  t.ok(after > before + 0.1, `${before} before, ${after} after`);
  await session.release();
  await adaptation.release();
});

test('a step that does not stay finite is dropped and says so', async (t) => {
  const adaptation = await create({ foundationLearningRate: 1e38 });
  const state = adaptation.initialState();
  await t.rejects(
    (async () => {
      const { state: next } = await adaptation.step(state, batch(0, 32), none);
      await adaptation.step(next, batch(32, 32), none);
    })(),
    { code: 'TRAINER_FAILED', message: /not finite/ },
  );
  await adaptation.release();
});
