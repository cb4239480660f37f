import {
  decodeSample,
  decodeSketch,
  type EncodedSample,
  RenormError,
  reasonOf,
  SampleEncoding,
  type SketchFormat,
} from '@renorm/protocol';
import { batchOf } from '../models/batch.js';
import type { ReceivedSketch, SampleOrigin, TrainingSamples } from '../models/training-samples.js';
import type { Cohorts } from '../store/cohorts.js';
import type { StoredSample } from '../store/records.js';
import type { Plan } from '../strategy/strategy.js';

/** What reading has told. */
export interface ReadSamples extends TrainingSamples {
  /** One for each sample that is there and cannot be read: it is left out, for with it every step would fail. */
  readonly unreadable: readonly RenormError[];
}

/**
 * Samples at some positions of a cohort's log, decoded; those that have left the log are missing.
 *
 * @param shape of one sample
 * @param format of a sketch; undefined: sketches are passed over
 * @param foundationShape of a sample of a foundation model that takes other samples, where images are wanted for it
 */
export async function readSamples(
  cohorts: Cohorts,
  cohort: string,
  positions: readonly number[],
  shape: readonly number[],
  format?: SketchFormat,
  foundationShape?: readonly number[],
): Promise<ReadSamples> {
  const unreadable: RenormError[] = [];
  const read: { readonly origin: SampleOrigin; readonly data: Float32Array; readonly pixels?: Uint8Array }[] = [];
  const sketches: ReceivedSketch[] = [];
  const take = (sample: StoredSample | undefined, position: number): void => {
    if (sample === undefined) return;
    try {
      const { device, selection, foundation } = sample;
      if (sample.encoding === SampleEncoding.SKETCH) {
        if (format !== undefined) sketches.push({ position, device, selection, sketch: decodeSketch(sample, format) });
        return;
      }
      const pixels = foundationShape && foundation && pixelsIn(foundation, foundationShape);
      const { data } = decodeSample(sample, shape);
      read.push({ origin: { position, device, selection }, data, ...(pixels && { pixels }) });
    } catch (cause) {
      unreadable.push(unreadableSample(cohort, position, cause));
    }
  };
  try {
    const samples = await cohorts.samples(cohort, positions);
    for (const [i, position] of positions.entries()) take(samples[i], position);
  } catch (error) {
    if (!(error instanceof RenormError) || error.code !== 'DATA_DAMAGED') throw error;
    // One of them is damaged: each by itself, to find which.
    for (const position of positions) {
      const [sample] = await cohorts.samples(cohort, [position]).catch((cause: unknown) => {
        unreadable.push(unreadableSample(cohort, position, cause));
        return [undefined];
      });
      take(sample, position);
    }
  }
  return { ...batchOf(read), origins: read.map(({ origin }) => origin), sketches, unreadable };
}

/** Whether there is a sketch among the samples from one position up to another. What cannot be read is none. */
export async function hasSketch(cohorts: Cohorts, cohort: string, from: number, to: number): Promise<boolean> {
  const positions = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  const samples = await cohorts.samples(cohort, positions).catch(() => []);
  return samples.some((sample) => sample?.encoding === SampleEncoding.SKETCH);
}

function unreadableSample(cohort: string, position: number, cause: unknown): RenormError {
  const text = `the sample at position ${position} of cohort ${cohort} cannot be decoded and is left out (${reasonOf(cause)}). If this comes often, run renorm state check.`;
  return new RenormError('DATA_DAMAGED', text, { cause });
}

/** Undefined where they were prepared for a foundation model of another size: then the sample itself has to do. */
function pixelsIn(sample: EncodedSample, shape: readonly number[]): Uint8Array | undefined {
  if (String(sample.shape) !== String(shape)) return undefined;
  return Uint8Array.from(decodeSample(sample, shape).data, (value) => Math.round(value * 255));
}

/** The error of a step none of whose samples is there. */
export function nothingToRead(cohort: string, { fresh, replay }: Plan<unknown>): RenormError {
  const [first, last] = [Math.min(...fresh, ...replay), Math.max(...fresh, ...replay)];
  const text = `none of the samples at positions ${first} to ${last} of cohort ${cohort} can be read; they are passed over. Run renorm state check on a stopped cloud.`;
  return new RenormError('TRAINER_FAILED', text);
}
