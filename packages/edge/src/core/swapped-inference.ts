import {
  type EncodedSample,
  encodeSample,
  type ParameterSet,
  RenormError,
  reasonOf,
  type SampleForm,
  type Tensor,
  type VersionState,
} from '@renorm/protocol';
import type { Inference, InferenceResult, Measured, SessionHost, StartSession } from './platform.js';

interface Waiting {
  readonly input: Float32Array;
  readonly resolve: (result: Promise<InferenceResult>) => void;
  readonly reject: (error: Error) => void;
}

/** A version that a worker can load; without parameters the model as exported. */
interface Loadable {
  readonly number: number;
  readonly parameters: ParameterSet | undefined;
}

/** Samples of up to so many values take about 0.3 ms to encode at most. */
const SMALL_ELEMENTS = 4096;

/** What a model's predictions are made with. */
export interface InferenceSetup {
  /** The model's name in errors. */
  readonly name: string;
  /** How samples are encoded. Default: auto. */
  readonly sampleForm?: SampleForm;
}

/**
 * Two worker threads. The active one predicts; the standby one bakes the next version, builds its session and warms it
 * up. The swap is one assignment between two predictions: what is in flight finishes where it started.
 */
export class SwappedInference implements Inference {
  readonly #setup: InferenceSetup;
  readonly #startSession: StartSession;
  #active: SessionHost;
  #standby: SessionHost;
  #current: Loadable = { number: 0, parameters: undefined };
  readonly #waiting: Waiting[] = [];
  #closed = false;

  private constructor(setup: InferenceSetup, start: StartSession) {
    this.#setup = setup;
    this.#startSession = start;
    this.#active = this.#start();
    this.#standby = this.#start();
  }

  /** Starts both threads; resolves when the model as exported can predict. @throws RenormError MODEL_UNREADABLE */
  static async open(setup: InferenceSetup, start: StartSession): Promise<SwappedInference> {
    const inference = new SwappedInference(setup, start);
    try {
      await inference.#active.load(0, undefined);
      return inference;
    } catch (cause) {
      await inference.close();
      throw new RenormError(
        'MODEL_UNREADABLE',
        `${setup.name} cannot be run (${reasonOf(cause)}); export it for onnxruntime's CPU provider.`,
        {
          cause,
        },
      );
    }
  }

  run(input: Float32Array): Promise<InferenceResult> {
    if (this.#closed) return Promise.reject(new RenormError('CLOSED', 'the device has been closed; open another.'));
    if (this.#active.hasFreeSlot && this.#waiting.length === 0) return this.#active.run(input);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject });
    });
  }

  async load(
    { number, parameters }: VersionState,
    prove: (predict: (input: Float32Array) => Promise<Float32Array>) => Promise<void> = async () => undefined,
  ): Promise<void> {
    if (!this.#standby.alive) this.#standby = this.#start();
    const standby = this.#standby;
    try {
      await standby.load(number, parameters);
    } catch (cause) {
      if (cause instanceof RenormError && cause.code === 'CLOSED') throw cause;
      throw new RenormError(
        'VERSION_REFUSED',
        `version ${number} cannot be loaded (${reasonOf(cause)}); the version before goes on.`,
        { cause },
      );
    }
    try {
      await prove(async (input) => (await standby.run(input)).logits);
    } catch (cause) {
      if (standby.alive) standby.release();
      throw cause;
    }
    const retired = this.#active;
    this.#active = standby;
    this.#standby = retired;
    this.#current = { number, parameters };
    if (retired.alive) retired.release();
    this.#startWaiting();
  }

  /**
   * A large sample in the standby thread, which has nothing to do between two versions; a small one at once, in the
   * time in which this thread waits for the next prediction anyway: a message to another thread would cost as much.
   */
  async encode(sample: Tensor): Promise<EncodedSample> {
    const { sampleForm = 'auto' } = this.#setup;
    if (sample.data.length <= SMALL_ELEMENTS) return encodeSample(sample, sampleForm);
    const worker = this.#standby.alive ? this.#standby : this.#active;
    return worker.encode(sample, sampleForm);
  }

  /** In the standby thread, as large samples are encoded. */
  async sketch(images: Float32Array, count: number): Promise<Measured> {
    const worker = this.#standby.alive ? this.#standby : this.#active;
    return worker.sketch(images, count, this.#current.parameters);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#active.end(), this.#standby.end()]);
    this.#rejectWaiting(new RenormError('CLOSED', 'the device was closed before it predicted.'));
  }

  #start(): SessionHost {
    const worker: SessionHost = this.#startSession(
      () => this.#startWaiting(),
      () => {
        if (worker === this.#active) void this.#replaceActive();
      },
    );
    return worker;
  }

  #startWaiting(): void {
    while (this.#waiting.length > 0 && this.#active.hasFreeSlot) {
      const { input, resolve } = this.#waiting.shift() as Waiting;
      resolve(this.#active.run(input));
    }
  }

  /** The active thread died: predictions wait until another has the same version ready, or learn that none can. */
  async #replaceActive(): Promise<void> {
    const fresh = this.#start();
    try {
      await fresh.load(this.#current.number, this.#current.parameters);
      // A new version may have been swapped in meanwhile.
      if (this.#active.alive || this.#closed) return void fresh.end();
      this.#active = fresh;
      this.#startWaiting();
    } catch (cause) {
      this.#rejectWaiting(
        new RenormError('INFERENCE_FAILED', `no thread that predicts can be started (${reasonOf(cause)}).`, { cause }),
      );
    }
  }

  #rejectWaiting(error: RenormError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
