import type { DemoPlan } from './plan.js';

/** How the predictions of one chunk of images came out, for both models on the same images. */
export interface Outcomes {
  readonly count: number;
  readonly bothRight: number;
  readonly onlyAdaptedRight: number;
  readonly onlyUnadaptedRight: number;
}

/** What a device has done since it started. */
export interface DeviceCounters {
  /** Samples that the selection kept for upload. */
  readonly selected: number;
  /** Samples that the cloud has acknowledged: those selected, a little later. */
  readonly uploaded: number;
  /** Bytes of messages on the wire. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Model version of the latest prediction. */
  readonly version: number;
  readonly connected: boolean;
}

/** A device's report after each chunk of images. */
export interface ChunkReport extends Outcomes, DeviceCounters {
  readonly kind: 'chunk';
  /** Index into the environments of the cohort. */
  readonly environment: number;
  /** Images seen so far, this chunk included. */
  readonly images: number;
  /** Seconds since the stream began. */
  readonly seconds: number;
}

/** What the run needs to know of one cohort in the cloud. */
export interface CohortReport {
  readonly cohort: string;
  readonly version: number;
  /** Training steps so far. */
  readonly steps: number;
  /** Samples received so far. */
  readonly samples: number;
  /** Samples that wait to be trained on. */
  readonly pending: number;
}

/** How far the cohorts are, when all that was uploaded has been trained on. */
export interface Settled {
  readonly kind: 'settled';
  readonly cohorts: readonly CohortReport[];
}

/** From a child process to the run. */
export type FromChild =
  | { readonly kind: 'ready'; readonly address?: string }
  | ChunkReport
  | { readonly kind: 'cloud'; readonly cohorts: readonly CohortReport[] }
  | Settled
  /** The images of a round are predicted; `more`: others follow. */
  | { readonly kind: 'predicted'; readonly more: boolean }
  /** What was selected is on the disk of the cloud: so many samples since the last time. */
  | { readonly kind: 'uploaded'; readonly samples: number }
  /** The version serves; what a round has completed has been told. */
  | { readonly kind: 'taken' }
  | ({ readonly kind: 'done' } & DeviceCounters)
  | { readonly kind: 'failed'; readonly message: string };

/**
 * From the run to a child process. A device opens, then predicts, uploads and takes, round after round, and finishes;
 * the cloud opens, and settles.
 */
export type ToChild =
  | { readonly kind: 'open-cloud'; readonly plan: DemoPlan }
  | {
      readonly kind: 'open-device';
      readonly plan: DemoPlan;
      readonly cohort: string;
      readonly device: string;
      readonly cloud: string;
    }
  | { readonly kind: 'settle' }
  | { readonly kind: 'predict' }
  | { readonly kind: 'upload' }
  | { readonly kind: 'take'; readonly version: number }
  | { readonly kind: 'finish' }
  | { readonly kind: 'stop' };
