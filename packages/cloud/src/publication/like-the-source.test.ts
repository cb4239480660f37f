import { readParameters } from '@renorm/onnx';
import { test } from 'tap';
import { edgeModel, hazyImages } from '../committed-models.test-support.js';
import { batchOf } from '../models/batch.js';
import { readModels } from '../models/model-facts.js';
import type { Features } from '../models/sample-weights.js';
import { features, StatisticsSession } from '../models/statistics-session.js';
import { likeTheSource } from './like-the-source.js';

const { edge, sampleShape } = readModels(edgeModel(), undefined);
const exported = readParameters(edge);
const session = await StatisticsSession.create(edge, sampleShape, { threads: 1 }, 'running');

const seen = async (images: readonly Float32Array[]): Promise<Features> =>
  features(await session.run(exported, batchOf(images.map((data) => ({ data })))), exported);

const hazy = await seen(hazyImages(0, 48));
const clearImages = hazyImages(0, 48).map((data) => data.map((value) => Math.max(0, (value * 255 - 90) / 127.5)));
const clear = await seen(clearImages);
const negatives = await seen(clearImages.map((data) => data.map((value) => 1 - value)));

/** Of `rare` every fourth, of `common` the others, as they came. */
const mixed = (rare: Features, common: Features): Features =>
  common.map((row, i) => (i % 4 === 2 ? (rare[i] ?? row) : row));

test('samples of one environment far from the source have none of the source among them', async (t) => {
  t.equal(likeTheSource(hazy).near, 0);
});

test('a quarter of clear images is seen among negatives, or among hazy ones', async (t) => {
  for (const common of [negatives, hazy]) {
    const { near, of } = likeTheSource(mixed(clear, common));
    t.ok(near >= of / 8, `${near} of ${of}`);
  }
});

test('a quarter of negatives among hazy images is not of the source', async (t) => {
  t.equal(likeTheSource(mixed(negatives, hazy)).near, 0);
});

test('a change to another environment is no mixture, the way back is one', async (t) => {
  t.equal(likeTheSource([...clear.slice(0, 36), ...hazy.slice(36)]).near, 0);
  t.ok(likeTheSource([...hazy.slice(0, 36), ...clear.slice(36)]).near >= 6);
});

test('one sample far out of range hides nothing', async (t) => {
  const spoilt = mixed(clear, negatives).map((row, i) => (i === 7 ? row.map(() => 200) : row));
  const { near, of } = likeTheSource(spoilt);
  t.ok(near >= of / 8, `${near} of ${of}`);
});

test('the session ends', () => session.release());
