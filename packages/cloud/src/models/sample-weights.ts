import { medianAndDeviation, quantile, weightedQuantile } from './robust.js';

/**
 * What is known of some samples: a row of features each, in deviations of the exported model from its mean. On data
 * that the model was trained on the root mean square of a row is 1 at most, on average: a sample's mean varies less
 * than its values.
 */
export type Features = readonly Float64Array[];

/** Features further out count as if they were here, so that no single one decides. */
const FARTHEST = 6;

/**
 * A sample counts in full up to so many times as far from the source as the nearest tenth of the samples. Honest ones:
 * 1.7 at most.
 */
export const REACH = 2.5;
/** Below, a distance from the source is nothing out of the ordinary. */
export const ORDINARY = 0.4;

/**
 * Width of the kernel that counts a sample's neighbours, as a share of how far apart distant samples are; and of the
 * one that counts copies.
 */
const KERNEL = 0.27;
const COPIES = 0.08;

/**
 * Samples as far from the median count in full, in deviations, root mean square over the features. Honest ones: 1.8 at
 * most.
 */
const NEAR = 1.75;

/** Beyond what counts in full, a weight falls as this power. */
const STEEPNESS = 12;

/**
 * How much each sample may count in a statistic, from 0 to 1. Nothing is known of labels, nor of who is honest.
 *
 * What is far further from the source than others is left out first, for it may be anywhere. Then samples that resemble
 * each other more than honest ones do share the weight of one: a thousand black images say no more than one does. Last,
 * samples far from the median of the rest lose their weight. What all this cannot tell is a majority that looks like
 * honest samples of another kind; the gate before publication is against that.
 */
export function sampleWeights(features: Features): Float64Array {
  const kept = withinReach(features);
  const crowded = neighbours(features, kept);
  const weights = kept.map((weight, i) => weight / (crowded[i] as number));
  return distances(features, weights).map((distance, i) => falling(distance, NEAR) * (weights[i] as number));
}

/**
 * The samples that a gradient may be taken on: without what is out of reach or far from the rest, and one of each lot
 * of copies. As sampleWeights, for what has no weights.
 *
 * @returns their rows, in order
 */
export function trustedRows(features: Features): number[] {
  const reached = withinReach(features);
  const apart = pairs(features);
  const copies = counted(apart, reached, COPIES * farPairs(apart, reached));
  const single = reached.map((weight, i) => weight / (copies[i] as number));
  const far = distances(features, single);
  const rows: number[] = [];
  let sum = 0;
  for (const [i, weight] of single.entries()) {
    const before = Math.floor(sum + ROUNDING);
    sum += weight * falling(far[i] as number, NEAR);
    if (Math.floor(sum + ROUNDING) > before) rows.push(i);
  }
  return rows;
}

/** So that what counts in full, but for rounding, is there in full. */
const ROUNDING = 0.25;

/** 1 up to a limit, and falling behind it. */
const falling = (distance: number, limit: number): number => Math.min(1, (limit / distance) ** STEEPNESS);

/** Distance of a sample from the source, in deviations: root mean square over the features. */
export function distanceFromSource(row: Float64Array): number {
  return Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / Math.max(1, row.length));
}

function withinReach(features: Features): Float64Array {
  const far = Float64Array.from(features, distanceFromSource);
  const limit = REACH * Math.max(ORDINARY, quantile(far, 0.1));
  return far.map((distance) => falling(distance, limit));
}

/** Weight of the samples near each sample, itself included, by a Gaussian kernel. */
function neighbours(features: Features, weights: Float64Array): Float64Array {
  const apart = pairs(features);
  // What is all but the same is counted first, so that it does not decide how far apart samples are.
  const copies = counted(apart, weights, COPIES * farPairs(apart, weights));
  const single = weights.map((weight, i) => weight / (copies[i] as number));
  return counted(apart, weights, KERNEL * farPairs(apart, single));
}

/** Mean over the features of the squared difference, of each pair: (1, 0), (2, 0), (2, 1), ... */
function pairs(features: Features): Float64Array {
  const n = features.length;
  const apart = new Float64Array((n * (n - 1)) / 2);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < i; j++, at++)
      apart[at] = squareBetween(features[i] as Float64Array, features[j] as Float64Array);
  }
  return apart;
}

/** How far apart the farthest tenth of the pairs is at least. */
function farPairs(apart: Float64Array, weights: Float64Array): number {
  const products = new Float64Array(apart.length);
  for (let i = 0, at = 0; i < weights.length; i++)
    for (let j = 0; j < i; j++, at++) products[at] = (weights[i] as number) * (weights[j] as number);
  return Math.sqrt(weightedQuantile(apart, products, 0.9));
}

function counted(apart: Float64Array, weights: Float64Array, width: number): Float64Array {
  const counts = new Float64Array(weights.length).fill(1);
  for (let i = 0, at = 0; i < weights.length; i++) {
    for (let j = 0; j < i; j++, at++) {
      const near = width === 0 ? 1 : Math.exp(-(apart[at] as number) / (2 * width * width));
      counts[i] = (counts[i] as number) + near * (weights[j] as number);
      counts[j] = (counts[j] as number) + near * (weights[i] as number);
    }
  }
  return counts;
}

/** Mean over the features of the squared difference. */
function squareBetween(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) {
    const difference = Math.min(FARTHEST, Math.abs((a[k] as number) - (b[k] as number)));
    sum += difference * difference;
  }
  return sum / Math.max(1, a.length);
}

/** Distance of each sample from the weighted median, in deviations, root mean square over the features. */
function distances(features: Features, weights: Float64Array): Float64Array {
  const count = features[0]?.length ?? 0;
  const sums = new Float64Array(features.length);
  for (let k = 0; k < count; k++) {
    const column = Float64Array.from(features, (row) => row[k] as number);
    const { median, deviation } = medianAndDeviation(column, weights);
    const scale = Math.max(deviation, SMALLEST_DEVIATION);
    for (let i = 0; i < sums.length; i++) {
      const far = Math.min(FARTHEST + 4, Math.abs((column[i] as number) - median) / scale);
      sums[i] = (sums[i] as number) + far * far;
    }
  }
  return sums.map((sum) => Math.sqrt(sum / Math.max(1, count)));
}

/** In the units of the features. */
const SMALLEST_DEVIATION = 0.02;

/**
 * Weights of samples by what the exported model sees of them, with which no device has more than its share. See
 * sampleWeights, cappedByDevice.
 */
export const weightsFrom = (features: Features, origins: readonly { readonly device: string }[]): Float64Array =>
  cappedByDevice(
    sampleWeights(features),
    origins.map(({ device }) => device),
  );

/**
 * Weights with which no device has more than its share of the whole. See deviceCap. A device is cut by how many samples
 * it has sent, not by what they weigh: else three devices whose samples count for nothing would take the one whose
 * samples do with them.
 *
 * @param devices the device of each sample
 */
export function cappedByDevice(weights: Float64Array, devices: readonly string[]): Float64Array {
  const counts = new Map<string, number>();
  for (const device of devices) counts.set(device, (counts.get(device) ?? 0) + 1);
  const allowed = largestTotal([...counts.values()], deviceCap(counts.size));
  return weights.map((weight, i) => weight * Math.min(1, allowed / (counts.get(devices[i] as string) as number)));
}

/**
 * The largest share of a pool that one of so many devices may have: half as much again as its part, or a quarter. Less
 * would let a device that has sent one sample hold down those that sent many.
 */
export const deviceCap = (devices: number): number => Math.min(1, Math.max(1 / 4, 1.5 / devices));

/** The total to which larger ones are cut, so that none has more than the share `cap` of what is left. */
function largestTotal(totals: readonly number[], cap: number): number {
  const ascending = totals.toSorted((a, b) => a - b);
  const n = ascending.length;
  let below = 0;
  for (const [i, total] of ascending.entries()) {
    // Were all from here on cut to t: t = cap (below + (n - i) t).
    const rest = 1 - cap * (n - i);
    const cut = rest > 0 ? (cap * below) / rest : Number.POSITIVE_INFINITY;
    if (cut <= total && cut > 0) return cut;
    below += total;
  }
  return ascending.at(-1) ?? 0;
}
