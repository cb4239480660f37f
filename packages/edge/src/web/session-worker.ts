import {
  type EncodedSample,
  type ParameterSet,
  RenormError,
  reasonOf,
  type SampleForm,
  type Tensor,
} from '@renorm/protocol';
import type { InferenceResult, Measured, SessionHost } from '../core/platform.js';
import type { WorkerSetup } from './worker-messages.js';
import { type StartWorker, WorkerThread } from './worker-thread.js';

/** Predictions in flight in one worker at most. */
const SLOTS = 4;

/** One worker with one session in it. */
export class SessionWorker implements SessionHost {
  readonly #thread: WorkerThread;
  readonly #opened: Promise<void>;
  readonly #onFree: () => void;
  /** The version of the session that predicts what is asked from now on. */
  #version = 0;
  #inFlight = 0;

  constructor(setup: WorkerSetup, start: StartWorker, onFree: () => void, onDeath: () => void) {
    this.#onFree = onFree;
    this.#thread = new WorkerThread(start, onDeath);
    this.#opened = this.#thread.ask({ kind: 'open', setup });
    // It shows in the load behind it.
    this.#opened.catch(() => undefined);
  }

  get alive(): boolean {
    return this.#thread.alive;
  }

  get hasFreeSlot(): boolean {
    return this.alive && this.#inFlight < SLOTS;
  }

  async run(input: Float32Array): Promise<InferenceResult> {
    const version = this.#version;
    this.#inFlight++;
    try {
      return { logits: await this.#thread.ask<Float32Array>({ kind: 'run', input }), version };
    } catch (cause) {
      if (cause instanceof RenormError) throw cause;
      const text = `the runtime failed on a sample (${reasonOf(cause)}); later samples are predicted.`;
      throw new RenormError('INFERENCE_FAILED', text, { cause });
    } finally {
      this.#inFlight--;
      this.#onFree();
    }
  }

  async load(version: number, parameters: ParameterSet | undefined): Promise<void> {
    this.#version = version;
    await this.#opened;
    await this.#thread.ask({ kind: 'load', parameters });
  }

  encode(sample: Tensor, form: SampleForm): Promise<EncodedSample> {
    return this.#thread.ask({ kind: 'encode', sample, form }, [sample.data.buffer as ArrayBuffer]);
  }

  sketch(images: Float32Array, count: number, parameters: ParameterSet | undefined): Promise<Measured> {
    return this.#thread.ask({ kind: 'sketch', images, count, parameters }, [images.buffer as ArrayBuffer]);
  }

  release(): void {
    this.#thread.ask({ kind: 'release' }).catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#thread.end(new RenormError('CLOSED', 'the device was closed while it predicted.'));
  }
}
