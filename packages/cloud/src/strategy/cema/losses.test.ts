import { type Loss, parseModel, readParameters, trainingModel } from '@renorm/onnx';
import { test } from 'tap';
import { edgeModel, hazyImages } from '../../committed-models.test-support.js';
import { batchOf } from '../../models/batch.js';
import { ParametricSession, TrainingSession } from '../../models/session.js';
import { distillationLoss, entropyLoss, TARGET_LOGITS } from './losses.js';
import { adaptationOptions } from './options.js';

const COUNT = 6;
const model = parseModel(edgeModel().bytes);
const parameters = readParameters(model);
const batch = batchOf(hazyImages(0, COUNT).map((data) => ({ data })));
const targets = Float32Array.from({ length: COUNT * 10 }, (_, i) => 3 * Math.sin(i * 12.9898));

async function value(loss: Loss, given?: ReadonlyMap<string, Float32Array>): Promise<number> {
  const session = await TrainingSession.create(trainingModel(model, loss), [1, 28, 28], { threads: 1 });
  const result = await session.run(parameters, batch, given);
  await session.release();
  return result.loss;
}

async function edgeLogits(): Promise<number[][]> {
  const session = await ParametricSession.create(model, [1, 28, 28], { threads: 1 });
  const logits = await session.logits(parameters, batch);
  await session.release();
  return rows(logits);
}

const rows = (all: Float32Array): number[][] =>
  Array.from({ length: COUNT }, (_, i) => [...all.slice(i * 10, i * 10 + 10)]);
const softmax = (z: readonly number[], T = 1): number[] => {
  const e = z.map((v) => Math.exp((v - Math.max(...z)) / T));
  return e.map((v) => v / e.reduce((a, b) => a + b));
};
const H = (p: readonly number[]): number => -p.reduce((sum, v) => sum + v * Math.log(v), 0);
const w = (p: readonly number[]): number => Math.exp(0.4 * Math.log(10) - H(p));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

test('the foundation loss is mean( w H ), w = exp(0.4 ln C - H)', async (t) => {
  const expected = mean((await edgeLogits()).map((z) => w(softmax(z)) * H(softmax(z))));
  const got = await value(entropyLoss(10, adaptationOptions()));
  t.ok(Math.abs(got - expected) < 1e-4 * expected, `${got}, expected ${expected}`);
});

for (const temperature of [1, 2]) {
  test(`the distillation is 3 mean( w_s H(p_s) ) + 3 T^2 mean( w_t KL(p_t || p_s) ) + mean( w_t CE(argmax p_t, p_s) ), T = ${temperature}`, async (t) => {
    const zs = await edgeLogits();
    const zt = rows(targets);
    const terms = zs.map((z, i) => {
      const [ps, pt] = [softmax(z), softmax(zt[i] as number[])];
      const [qs, qt] = [softmax(z, temperature), softmax(zt[i] as number[], temperature)];
      const kl = qt.reduce((sum, v, k) => sum + v * Math.log(v / (qs[k] as number)), 0);
      const ce = -Math.log(ps[pt.indexOf(Math.max(...pt))] as number);
      return 3 * w(ps) * H(ps) + 3 * temperature ** 2 * w(pt) * kl + w(pt) * ce;
    });
    const got = await value(
      distillationLoss(10, adaptationOptions({ temperature })),
      new Map([[TARGET_LOGITS, targets]]),
    );
    t.ok(Math.abs(got - mean(terms)) < 1e-4 * mean(terms), `${got}, expected ${mean(terms)}`);
  });
}
