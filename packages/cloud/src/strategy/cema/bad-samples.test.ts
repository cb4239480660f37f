import { readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { test } from 'tap';
import { edgeModel, foundationModel, hazyImages } from '../../committed-models.test-support.js';
import { batchOf } from '../../models/batch.js';
import { modelPair } from '../../models/model-facts.js';
import { NO_SAMPLES, type TrainingSamples } from '../../models/training-samples.js';
import { Cema } from './cema.js';
import type { CohortState } from './state.js';

const models = modelPair(edgeModel(), foundationModel());
const strategy = await Cema.open({ models, threads: 1, options: { idleReplay: false } });
const exported = readParameters(models.edge);

const samplesOf = (images: readonly Float32Array[]): TrainingSamples => ({
  ...batchOf(images.map((data) => ({ data }))),
  origins: images.map((_, position) => ({ position, device: `device-${position % 4}`, selection: undefined })),
});

async function stepped(state: CohortState, images: readonly Float32Array[], trained = 0) {
  const plan = strategy.plan(state, { received: trained + 32, trained });
  if (plan === undefined) throw new Error('there is no plan');
  return strategy.step(plan, { fresh: samplesOf(images), replay: NO_SAMPLES });
}

/** Largest change of any running mean, in exported deviations. */
function farthest(parameters: ParameterSet): number {
  let most = 0;
  for (const [key, values] of parameters) {
    if (!key.endsWith('/mean')) continue;
    const [before, variance] = [exported.get(key), exported.get(key.replace('/mean', '/variance'))];
    for (const [c, value] of values.entries())
      most = Math.max(most, Math.abs(value - (before?.[c] ?? 0)) / Math.sqrt((variance?.[c] ?? 0) + 1e-5));
  }
  return most;
}

test('one sample of the constant 100 among 32 moves nothing', async (t) => {
  const honest = hazyImages(0, 32);
  const spoilt = honest.map((data, i) => (i === 5 ? new Float32Array(784).fill(100) : data));
  const [one, other] = [await stepped(strategy.initial(1), honest), await stepped(strategy.initial(1), spoilt)];
  t.ok(farthest(other.parameters) < 1.5 * farthest(one.parameters));
});

test('a thousand copies teach what one of them does', async (t) => {
  const honest = hazyImages(0, 20);
  const copies = Array.from({ length: 12 }, () => new Float32Array(784));
  t.ok((await stepped(strategy.initial(1), [...honest, ...copies])).samples <= 21);
});

test('after three versions in a row that were refused, training begins anew from the one in force', async (t) => {
  const { state } = await stepped(strategy.initial(1), hazyImages(0, 32));
  const once = strategy.judged(state, exported);
  t.not(once.edge.parameters, exported, 'a step or two may lead through what the gate does not like');
  t.equal(strategy.judged(strategy.judged(once, exported), exported).edge.parameters, exported);
  const out = strategy.decode(strategy.encode(strategy.judged(once, undefined)));
  t.not(strategy.judged(strategy.judged(out, exported), exported).edge.parameters, exported);
});

test('another environment is learnt from the exported models on', async (t) => {
  const clear = hazyImages(0, 32).map((data) => data.map((value) => Math.max(0, (value * 255 - 90) / 127.5)));
  const before = await stepped(strategy.initial(1), clear);
  const after = await stepped(before.state, hazyImages(32, 32), 32);
  const anew = await stepped(strategy.initial(before.state.random), hazyImages(32, 32));
  t.equal(after.since, 32);
  t.equal(after.edgeLoss, anew.edgeLoss);
});

test('the sessions end', () => strategy.release());
