import type { Moments } from '@renorm/onnx';
import { parameterKey } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { medianAndDeviation } from '../../models/robust.js';
import { cappedByDevice } from '../../models/sample-weights.js';
import type { ReceivedSketch } from '../../models/training-samples.js';
import type { PooledLayer } from './pooled-statistics.js';

/** Moments, and the samples that they are worth. */
export interface WeighedMoments {
  readonly layers: readonly Moments[];
  readonly count: number;
}

/** The sketches of the present environment. */
export interface SketchPool {
  readonly parts: readonly WeighedMoments[];
  /** Position of the first of them where those before it are of another environment. */
  readonly began: number | undefined;
}

/**
 * Sketches of a and b images are of different environments where their moments are further apart than this times
 * sqrt(1/a + 1/b), in exported deviations, root mean square over all channels of all layers; and than so many times
 * what consecutive ones usually are, for labels that come in runs. On Fashion-MNIST 0.12 to 0.2 within an environment,
 * 0.28 and more between any two of clean, noise, brightness, fog and contrast.
 */
const APART = 0.25;
const TIMES_USUAL = 1.5;
/**
 * A sketch counts in full up to so many times as far from the median of all as half of them are, and little behind it.
 */
const NEAR = 2.5;
const STEEPNESS = 12;
/** One channel decides no more than if it were so far. */
const FARTHEST = 6;

/**
 * The latest sketches that are worth a pool, each with a weight: its images, less where it is far from the median of
 * the others, and no device with more than its share (see deviceCap).
 *
 * @param layers names of the model's BatchNormalizations, in graph order
 * @param images that a pool is worth
 */
export function sketchPool(
  sketches: readonly ReceivedSketch[],
  exported: ParameterSet,
  layers: readonly string[],
  images: number,
): SketchPool | undefined {
  const latest: ReceivedSketch[] = [];
  let [worth, began] = [0, undefined as number | undefined];
  const newest = sketches.toSorted((a, b) => b.position - a.position);
  const scales = layers.map((name) => (exported.get(parameterKey({ name }, 'variance')) as Float32Array).map(scaleOf));
  const rows = newest.map(({ sketch }) => rowOf(sketch.layers, scales));
  for (const [i, one] of newest.entries()) {
    if (worth >= images) break;
    const before = newest[i - 1];
    if (before !== undefined && isChange(newest, rows, i)) {
      began = before.position;
      break;
    }
    latest.push(one);
    worth += worthOf(one, images);
  }
  if (latest.length === 0) return undefined;
  const weights = cappedByDevice(
    weightsOf(rows.slice(0, latest.length)).map((weight, i) => weight * worthOf(latest[i] as ReceivedSketch, images)),
    latest.map(({ device }) => device),
  );
  const parts = latest.map(({ sketch }, i) => ({ layers: sketch.layers, count: weights[i] as number }));
  return { parts, began };
}

/** Half a pool at most, however many images a device says that it has measured. */
const worthOf = ({ sketch }: ReceivedSketch, pool: number): number => Math.min(sketch.images, pool / 2);

/**
 * Moments of all values of some parts together: mean of the means, and of the variances, and the variance of the means.
 */
export function merged(parts: readonly WeighedMoments[], names: readonly string[]): PooledLayer[] {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  return names.map((name, layer) => {
    const channels = parts[0]?.layers[layer]?.mean.length ?? 0;
    const [mean, variance] = [new Float32Array(channels), new Float32Array(channels)];
    for (let c = 0; c < channels; c++) {
      let [first, second] = [0, 0];
      const origin = parts[0]?.layers[layer]?.mean[c] as number;
      for (const { layers, count } of parts) {
        const moved = ((layers[layer] as Moments).mean[c] as number) - origin;
        first += (count / total) * moved;
        second += (count / total) * (((layers[layer] as Moments).variance[c] as number) + moved * moved);
      }
      mean[c] = first + origin;
      variance[c] = Math.max(0, second - first * first);
    }
    return { name, kind: 'BatchNormalization', moments: { mean, variance } };
  });
}

const scaleOf = (variance: number): number => 1 / Math.sqrt(variance + 1e-5);

/** Means and deviations in exported deviations. */
function rowOf(layers: readonly Moments[], scales: readonly Float32Array[]): Float64Array {
  return Float64Array.from(
    layers.flatMap(({ mean, variance }, layer) => {
      const scale = scales[layer] as Float32Array;
      return [
        ...mean.map((value, c) => value * (scale[c] as number)),
        ...variance.map((value, c) => Math.sqrt(value) * (scale[c] as number)),
      ];
    }),
  );
}

/** Root mean square of the differences. */
export function distance(a: Float64Array, b: Float64Array): number {
  const sum = a.reduce((total, value, k) => total + Math.min(FARTHEST, Math.abs(value - (b[k] as number))) ** 2, 0);
  return Math.sqrt(sum / Math.max(1, a.length));
}

/**
 * Whether the environment changed behind a sketch, the newest being the first: it is apart from what came after it on
 * the same device, and half the devices have spoken since, so that no single one takes from the others what they have
 * learnt.
 */
function isChange(newest: readonly ReceivedSketch[], rows: readonly Float64Array[], i: number): boolean {
  const { device } = newest[i] as ReceivedSketch;
  const devicesOf = (some: readonly ReceivedSketch[]): number => new Set(some.map((one) => one.device)).size;
  if (2 * devicesOf(newest.slice(0, i)) < devicesOf(newest)) return false;
  const after = newest.findLastIndex((one, k) => k < i && one.device === device);
  if (after < 0) return false;
  const [one, other] = [newest[i] as ReceivedSketch, newest[after] as ReceivedSketch];
  const chance = APART * Math.sqrt(1 / one.sketch.images + 1 / other.sketch.images);
  const apart = distance(rows[i] as Float64Array, rows[after] as Float64Array);
  return apart > Math.max(chance, TIMES_USUAL * usualDistance(newest, rows, device, i));
}

/**
 * Median distance between other consecutive sketches of a device than the one at hand; 0 where there are fewer than
 * two.
 */
function usualDistance(
  newest: readonly ReceivedSketch[],
  rows: readonly Float64Array[],
  device: string,
  at: number,
): number {
  const own = [...newest.keys()].filter((k) => newest[k]?.device === device);
  const apart = own
    .slice(1)
    .flatMap((k, n) => (k === at ? [] : [distance(rows[k] as Float64Array, rows[own[n] as number] as Float64Array)]));
  return apart.length < 2 ? 0 : (apart.toSorted((a, b) => a - b)[apart.length >> 1] as number);
}

/** 1 near the median of all; with fewer than three there is none. */
function weightsOf(rows: readonly Float64Array[]): Float64Array {
  const alike = new Float64Array(rows.length).fill(1);
  if (rows.length < 3) return alike;
  const median = (rows[0] as Float64Array).map(
    (_, k) =>
      medianAndDeviation(
        Float64Array.from(rows, (row) => row[k] as number),
        alike,
      ).median,
  );
  const apart = Float64Array.from(rows, (row) => distance(row, median));
  const near = NEAR * medianAndDeviation(apart, alike).median;
  return apart.map((each) => (each <= near ? 1 : (near / each) ** STEEPNESS));
}
