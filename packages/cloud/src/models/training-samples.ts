import type { Selection, Sketch } from '@renorm/protocol';
import { type Batch, batchOf, joinBatches } from './batch.js';

/** Where a sample came from. */
export interface SampleOrigin {
  /** In the cohort's log. */
  readonly position: number;
  readonly device: string;
  /** What the device's selection policy said of it; undefined where it said nothing. */
  readonly selection: Selection | undefined;
}

/** Samples as a strategy gets them: decoded, side by side, one origin each. */
export interface TrainingSamples extends Batch {
  readonly origins: readonly SampleOrigin[];
  /** Sketches among them, in order. None of them is in the batch. */
  readonly sketches?: readonly ReceivedSketch[];
}

/** A sketch: worth as many samples of a pool as it has images. */
export interface ReceivedSketch extends SampleOrigin {
  readonly sketch: Sketch;
}

export const NO_SAMPLES: TrainingSamples = { ...batchOf([]), origins: [] };

/** The samples of both with their origins, in order; sketches apart. */
export const joinSamples = (a: TrainingSamples, b: TrainingSamples): TrainingSamples => ({
  ...joinBatches(a, b),
  origins: [...a.origins, ...b.origins],
});
