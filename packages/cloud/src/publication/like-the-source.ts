import { environmentOf } from '../models/environment.js';
import { quantile } from '../models/robust.js';
import { distanceFromSource, type Features, ORDINARY, REACH } from '../models/sample-weights.js';

/** What of a cohort's latest samples looks like what the model was trained on, beside others that do not. */
export interface LikeTheSource {
  readonly near: number;
  readonly of: number;
}

/**
 * On the way from the source to where the others are: 0 in the source, 1 at the others. Honest samples of one
 * environment lie at 0.6 to 1.3.
 */
const NEAR = 0.2;
const FAR = 0.5;
/** Where the others are, so many of the samples are beyond; with fewer of another environment none is known. */
const BEYOND = 0.9;
/** A sample of the source is no further from it than this, in deviations. */
const FARTHEST = 1.1 * ORDINARY;

/**
 * How many of the latest samples are of the source, while others, from before them on, are of another environment. A
 * cohort's devices share one environment, so that no honest one looks like this for long: it has come back to the
 * source, or a majority sends what the rest does not see.
 *
 * Along the way from the source to the mean of all samples those of two environments lie apart, where their distances
 * from the source do not tell them apart: images of a clean environment differ more from each other than from their
 * noisy selves. What came before the first sample of the other environment does not count: that is how a change to it
 * looks.
 *
 * @param features of the samples, in the order in which they came
 */
export function likeTheSource(features: Features): LikeTheSource {
  const far = Float64Array.from(features, distanceFromSource);
  const limit = REACH * Math.max(ORDINARY, quantile(far, 0.1));
  const within = features.filter((_, i) => (far[i] as number) <= limit);
  const { mean } = environmentOf(within, new Float64Array(within.length).fill(1));
  const along = Float64Array.from(features, (row) =>
    row.reduce((sum, value, k) => sum + value * (mean[k] as number), 0),
  );
  const others = quantile(along, BEYOND);
  const first = along.findIndex((value) => value > FAR * others);
  if (first < 0 || others <= 0) return { near: 0, of: 0 };
  const near = [...along.keys()].filter(
    (i) => i > first && (along[i] as number) < NEAR * others && (far[i] as number) < FARTHEST,
  );
  return { near: near.length, of: features.length - first - 1 };
}
