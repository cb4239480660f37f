import type { Moments } from '@renorm/onnx';
import { type ParameterSet, RenormError } from '@renorm/protocol';
import type { SampleMoments } from '../../models/statistics-session.js';

/**
 * Weight of the exported statistics, in samples (as alpha-BN shrinks towards the source), where nothing says that they
 * are wrong.
 */
export const PRIOR_SAMPLES = 16;
/** Least weight, and the weight where a pool is one deviation of its samples away from the source. */
const FEWEST_PRIOR_SAMPLES = 1;
const PRIOR_AT_ONE = 2;

/**
 * Weight of the exported statistics for a pool so far from them. The mean of n samples is off by 1/n of their variance,
 * the exported one by the square of the shift: the best mixture counts the source as 1/shift^2 samples (James and Stein
 * 1961, in the form of Efron and Morris 1973), and somewhat more, since variances are less well known than means.
 *
 * @param shift from the source to the pool; see shiftBetween
 */
export const priorSamples = (shift: number): number =>
  Math.min(PRIOR_SAMPLES, Math.max(FEWEST_PRIOR_SAMPLES, PRIOR_AT_ONE / (shift * shift)));

/** Added to a variance of a folded layer before the root, as its BatchNormalization did. */
const EPSILON = 1e-5;

/**
 * Moments of a share a of the pool and a share 1 - a of the source:
 * mean = a m + (1-a) m0, variance = a v + (1-a) v0 + a(1-a)(m-m0)^2.
 */
export function mixedMoments(pool: Moments, source: Moments, a: number): Moments {
  const at = (values: Float32Array, c: number): number => values[c] as number;
  return {
    mean: pool.mean.map((m, c) => a * m + (1 - a) * at(source.mean, c)),
    variance: pool.variance.map(
      (v, c) => a * v + (1 - a) * at(source.variance, c) + a * (1 - a) * (at(pool.mean, c) - at(source.mean, c)) ** 2,
    ),
  };
}

/** Moments of each layer's input on data of the source, by the layer's name. */
export type SourceMoments = ReadonlyMap<string, Moments>;

/** What a layer saw of a pool. */
export interface PooledLayer extends Pick<SampleMoments, 'name' | 'kind'> {
  readonly moments: Moments;
}

/**
 * Parameters that normalise by the pool, mixed with the source: running statistics of a BatchNormalization; of a scale
 * and shift behind a convolution, into which one was folded, scale = s0/s and shift = m0 - m s0/s.
 *
 * @param exported of the edge model
 * @param source moments of the layers without running statistics
 * @param count samples that the pool is worth: a = count/(count + prior)
 * @param prior samples that the source is worth
 * @throws RenormError MODEL_MISMATCH: there are no source moments of such a layer
 */
export function pooledParameters(
  exported: ParameterSet,
  layers: readonly PooledLayer[],
  count: number,
  source: SourceMoments,
  prior = PRIOR_SAMPLES,
): ParameterSet {
  const share = count / (count + prior);
  const parameters = new Map(exported);
  for (const layer of layers) {
    const before = sourceOf(layer, exported, source);
    const { mean, variance } = mixedMoments(layer.moments, before, share);
    if (layer.kind === 'BatchNormalization') {
      parameters.set(`${layer.name}/mean`, mean);
      parameters.set(`${layer.name}/variance`, variance);
      continue;
    }
    const scale = variance.map((v, c) => Math.sqrt(((before.variance[c] as number) + EPSILON) / (v + EPSILON)));
    parameters.set(`${layer.name}/gamma`, scale);
    parameters.set(
      `${layer.name}/beta`,
      mean.map((m, c) => (before.mean[c] as number) - m * (scale[c] as number)),
    );
  }
  return parameters;
}

/** Moments of a layer's input in the source. @throws RenormError MODEL_MISMATCH */
export function sourceOf(
  { name }: Pick<SampleMoments, 'name'>,
  exported: ParameterSet,
  source: SourceMoments,
): Moments {
  const [mean, variance] = [exported.get(`${name}/mean`), exported.get(`${name}/variance`)];
  const moments = mean !== undefined && variance !== undefined ? { mean, variance } : source.get(name);
  if (moments !== undefined) return moments;
  throw new RenormError(
    'MODEL_MISMATCH',
    `the statistics of "${name}" on clean data are not known: its BatchNormalization was folded into a convolution when the model was exported. Export the edge model without folding (torch.onnx.export with training=TrainingMode.PRESERVE, in evaluation mode), or take --strategy cema.`,
  );
}
