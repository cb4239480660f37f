import type { ErrorCode, GivenImage, ImageShape, ParameterSet, SampleForm, Tensor } from '@renorm/protocol';
import type { Frame } from '../core/sample-input.js';

// What a page and its workers say to each other: a question with a number, and its answer.

/** Which processor computes. `auto`: the GPU by WebGPU where there is one, else WebAssembly. */
export type Backend = 'auto' | 'webgpu' | 'wasm';

/** What a worker for sessions is set up with. */
export interface WorkerSetup {
  /** Bytes of the model as exported. */
  readonly model: Uint8Array;
  /** Its name in errors. */
  readonly name: string;
  readonly inputName: string;
  readonly outputName: string;
  /** With a batch axis of 1. */
  readonly inputShape: readonly number[];
  readonly elements: number;
  readonly classes: number;
  readonly backend: Backend;
  readonly threads: number | undefined;
  /** Where the files of onnxruntime-web lie. Default: where it looks for them itself. */
  readonly wasmPaths: string | undefined;
}

export type Question =
  | { readonly kind: 'open'; readonly setup: WorkerSetup }
  /** Build a session; without parameters, of the model as exported. */
  | { readonly kind: 'load'; readonly parameters: ParameterSet | undefined }
  | { readonly kind: 'run'; readonly input: Float32Array }
  /** Let the session go. */
  | { readonly kind: 'release' }
  | {
      readonly kind: 'sketch';
      readonly images: Float32Array;
      readonly count: number;
      readonly parameters: ParameterSet | undefined;
    }
  | { readonly kind: 'encode'; readonly sample: Tensor; readonly form: SampleForm }
  | { readonly kind: 'photograph'; readonly image: GivenImage }
  | { readonly kind: 'frame'; readonly frame: Frame; readonly image: Omit<GivenImage, 'file'> }
  | { readonly kind: 'file'; readonly pixels: Uint8Array; readonly shape: ImageShape; readonly quality: number };

export interface ToWorker {
  readonly id: number;
  readonly question: Question;
}

/** Classes of errors do not survive the way between threads. */
export type FromWorker =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly reason: string; readonly code?: ErrorCode };
