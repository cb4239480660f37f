import { pooledMoments } from '@renorm/onnx';
import { test } from 'tap';
import { mixedMoments, PRIOR_SAMPLES, pooledParameters, priorSamples } from './pooled-statistics.js';

const moments = (mean: number, variance: number) => ({
  mean: Float32Array.of(mean),
  variance: Float32Array.of(variance),
});
const near = (a: number | undefined, b: number): boolean => Math.abs((a ?? Number.NaN) - b) < 1e-5;

/** Three samples of one channel, with means 1, 2 and 6 from 10, and a variance of 1 within each. */
const layer = (kind: 'BatchNormalization' | 'ScaleShift') => ({
  name: 'bn',
  kind,
  channels: 1,
  means: Float32Array.of(1, 2, 6),
  squares: Float32Array.of(2, 5, 37),
  origin: Float32Array.of(10),
});

const pooled = (kind: 'BatchNormalization' | 'ScaleShift') => [
  { name: 'bn', kind, moments: pooledMoments(layer(kind), Float64Array.of(1, 1, 0)) },
];

test('moments of a pool are those of all values, each sample with its weight', async (t) => {
  const { mean, variance } = pooledMoments(layer('BatchNormalization'), Float64Array.of(1, 1, 0));
  t.ok(near(mean[0], 11.5), `${mean}`);
  t.ok(near(variance[0], 1 + 0.25), 'within the samples and between them');
});

test('the further a pool is from the source, the less the source counts', async (t) => {
  t.equal(priorSamples(0), PRIOR_SAMPLES);
  t.equal(priorSamples(0.2), PRIOR_SAMPLES);
  t.equal(priorSamples(0.5), 8);
  t.equal(priorSamples(1), 2);
  t.equal(priorSamples(3), 1);
});

test('mean = a m + (1-a) m0, variance = a v + (1-a) v0 + a(1-a)(m-m0)^2', async (t) => {
  const { mean, variance } = mixedMoments(moments(4, 2), moments(0, 1), 0.75);
  t.ok(near(mean[0], 3));
  t.ok(near(variance[0], 0.75 * 2 + 0.25 * 1 + 0.75 * 0.25 * 16));
  t.same(mixedMoments(moments(4, 2), moments(0, 1), 0), moments(0, 1), 'nothing of a pool that is worth nothing');
});

test('a = n/(n+16): the running statistics of a pool worth 16 samples are half its own', async (t) => {
  const exported = new Map([
    ['bn/gamma', Float32Array.of(2)],
    ['bn/mean', Float32Array.of(0)],
    ['bn/variance', Float32Array.of(1)],
  ]);
  const parameters = pooledParameters(exported, pooled('BatchNormalization'), 16, new Map());
  t.ok(near(parameters.get('bn/mean')?.[0], 11.5 / 2));
  t.equal(parameters.get('bn/gamma'), exported.get('bn/gamma'), 'the affine stays');
});

test('a folded layer is scaled by s0/s and shifted by m0 - m s0/s', async (t) => {
  const exported = new Map([
    ['bn/gamma', Float32Array.of(1)],
    ['bn/beta', Float32Array.of(0)],
  ]);
  const source = new Map([['bn', moments(3, 4)]]);
  const parameters = pooledParameters(exported, pooled('ScaleShift'), 1e9, source);
  const scale = Math.sqrt(4 / 1.25);
  t.ok(Math.abs((parameters.get('bn/gamma')?.[0] as number) - scale) < 1e-4);
  t.ok(Math.abs((parameters.get('bn/beta')?.[0] as number) - (3 - 11.5 * scale)) < 1e-3);
  t.throws(() => pooledParameters(exported, pooled('ScaleShift'), 12, new Map()), {
    code: 'MODEL_MISMATCH',
    message: /cema/,
  });
});
