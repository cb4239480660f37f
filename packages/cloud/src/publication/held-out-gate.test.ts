import { readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { test } from 'tap';
import { edgeModel, hazyImages } from '../committed-models.test-support.js';
import { batchOf } from '../models/batch.js';
import { readModels } from '../models/model-facts.js';
import { ParametricSession } from '../models/session.js';
import { Pooler } from '../strategy/statistics/pooler.js';
import { HeldOutGate } from './held-out-gate.js';

const { edge, sampleShape, classes } = readModels(edgeModel(), undefined);
const exported = readParameters(edge);
const session = await ParametricSession.create(edge, sampleShape, { threads: 1 });
const edgeLogits = (parameters: ParameterSet, samples: { data: Float32Array; count: number }) =>
  session.logits(parameters, samples);
const gate = await HeldOutGate.open({ edge, sampleShape, classes, edgeLogits, threads: 1 });
const pooler = await Pooler.create(edge, sampleShape, { threads: 1 });

const hazy = (first: number, count: number) => hazyImages(first, count);
const clear = (first: number, count: number) =>
  hazyImages(first, count).map((data) => data.map((value) => Math.max(0, (value * 255 - 90) / 127.5)));
/**
 * Images with a twentieth of their contrast left: the source model is surely wrong, putting nearly all into one or two
 * classes.
 */
const pale = (first: number, count: number) =>
  clear(first, count).map((data) => {
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    return data.map((value) => Math.round(255 * (0.05 * (value - mean) + mean)) / 255);
  });
const pooled = (images: readonly Float32Array[]) =>
  pooler.pool(batchOf(images.map((data) => ({ data }))), new Float64Array(images.length).fill(1));

const adapted = { hazy: await pooled(hazy(0, 48)), clear: await pooled(clear(0, 48)) };
const ruined = await pooled(clear(0, 24).map((data, i) => (i === 0 ? data.map((value) => 255 * value) : data)));

const samplesOf = (images: readonly Float32Array[]) => ({
  ...batchOf(images.map((data) => ({ data }))),
  origins: images.map((_, i) => ({ position: i, device: `device-${i % 4}`, selection: undefined })),
});
const judge = (
  parameters: ParameterSet,
  inForce: ParameterSet,
  images: readonly Float32Array[],
  recent: readonly Float32Array[] = [],
) =>
  gate.judge({
    ...{ cohort: 'c', parameters, inForce, exported, trained: 100 },
    ...{ heldOut: samplesOf(images), recent: samplesOf(recent) },
  });

test('statistics of the environment are published, where they help and where they change nothing', async (t) => {
  t.match(await judge(adapted.hazy, exported, hazy(100, 40)), { decision: 'publish' });
  t.match(await judge(adapted.clear, exported, clear(100, 40)), { decision: 'publish' });
});

test('statistics that one sample has ruined are not published', async (t) => {
  t.match(await judge(ruined, exported, clear(100, 40)), { decision: 'keep', reason: /worse than the source model/ });
  t.match(await judge(ruined, adapted.hazy, hazy(100, 40)), { decision: 'keep', reason: /worse/ });
});

test('statistics of another environment are not published where the source model is right', async (t) => {
  t.match(await judge(adapted.hazy, exported, clear(100, 40)), { decision: 'keep', reason: /source model is sure of/ });
});

test('where the source model is surely wrong, statistics that are less sure of more classes are published', async (t) => {
  const adaptedToPale = await pooled(pale(0, 24));
  t.match(await judge(adaptedToPale, exported, pale(100, 40)), { decision: 'publish' });
  t.match(await judge(ruined, exported, pale(100, 40)), { decision: 'keep', reason: /of the largest entropy/ });
  t.match(await judge(ruined, adaptedToPale, pale(100, 40)), { decision: 'keep', reason: /of the largest entropy/ });
});

test('where the version in force is worse than the source too, the source is published again', async (t) => {
  const verdict = await judge(ruined, ruined, clear(100, 40));
  t.match(verdict, { decision: 'go back', parameters: exported });
});

test('where a quarter sees what the model was trained on and a majority what it does not, the source model stays', async (t) => {
  const negatives = clear(0, 48).map((data) => data.map((value) => 1 - value));
  const recent = negatives.map((data, i) => (i % 4 === 2 ? (clear(i, 1)[0] as Float32Array) : data));
  const adaptedToNegatives = await pooled(negatives);
  t.match(await judge(adaptedToNegatives, exported, negatives.slice(0, 12), negatives), { decision: 'publish' });
  const reason = /look like what the model was trained on/;
  t.match(await judge(adaptedToNegatives, exported, negatives.slice(0, 12), recent), { decision: 'keep', reason });
  const inForce = await judge(adaptedToNegatives, adaptedToNegatives, negatives.slice(0, 12), recent);
  t.match(inForce, { decision: 'go back', parameters: exported, reason });
  t.match(await judge(exported, exported, negatives.slice(0, 12), recent), { decision: 'publish' });
});

test('hostile samples among the held-out ones do not decide', async (t) => {
  const black = Array.from({ length: 60 }, () => new Float32Array(784));
  t.match(await judge(adapted.clear, exported, [...clear(100, 40), ...black]), { decision: 'publish' });
  t.match(await judge(ruined, exported, [...clear(100, 40), ...black]), { decision: 'keep' });
});

test('nothing is judged by a handful', async (t) => {
  t.match(await judge(ruined, exported, clear(100, 3)), { decision: 'publish', reason: /too few/ });
});

test('the sessions end', async () => {
  await Promise.all([gate.release(), pooler.release(), session.release()]);
});
