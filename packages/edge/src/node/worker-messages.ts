import type { MessagePort } from 'node:worker_threads';
import type { EncodedSample, ParameterSet, SampleForm, Tensor } from '@renorm/protocol';
import type { Measured } from '../core/platform.js';
import type { SlotLayout } from './slots.js';

// What the main thread and a session's worker thread say to each other, besides the predictions in their shared memory.

/** What a worker is started with. */
export interface WorkerSetup {
  /** Bytes of the model as exported. */
  readonly model: Uint8Array;
  /** Its name in errors. */
  readonly name: string;
  readonly port: MessagePort;
  readonly memory: SlotLayout;
  readonly threads: number;
  readonly inputName: string;
  readonly outputName: string;
  /** With a batch axis of 1. */
  readonly inputShape: readonly number[];
}

export type ToWorker =
  /** There are predictions to make. A bare number costs least to post. */
  | 0
  /** Build a session; without parameters, of the model as exported. */
  | { readonly kind: 'load'; readonly parameters: ParameterSet | undefined }
  /** Let the session go. */
  | { readonly kind: 'release' }
  /** Let everything go and end the thread. */
  | { readonly kind: 'end' }
  /** Measure a batch of images. */
  | {
      readonly kind: 'sketch';
      readonly id: number;
      readonly images: Float32Array;
      readonly count: number;
      readonly parameters: ParameterSet | undefined;
    }
  /** Encode a sample for the upload. */
  | { readonly kind: 'encode'; readonly id: number; readonly sample: Tensor; readonly form: SampleForm };

export type FromWorker =
  /** There are answers. */
  | 0
  /** The n-th prediction failed; told before it counts as answered. */
  | { readonly kind: 'failed'; readonly n: number; readonly reason: string }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'not-loaded'; readonly reason: string }
  | { readonly kind: 'sketched'; readonly id: number; readonly measured: Measured }
  | { readonly kind: 'encoded'; readonly id: number; readonly encoded: EncodedSample }
  /** Neither a sample nor a batch of images. */
  | { readonly kind: 'not-encoded'; readonly id: number; readonly reason: string };
