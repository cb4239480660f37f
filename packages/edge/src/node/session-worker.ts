import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type EncodedSample, type ParameterSet, RenormError, type SampleForm, type Tensor } from '@renorm/protocol';
import type { InferenceResult, Measured, SessionHost } from '../core/platform.js';
import { guardExit } from './exit-guard.js';
import { Polling } from './polling.js';
import { allocateSlots, Counter, SLOTS, type Slot, slotIndex, viewSlots } from './slots.js';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.js';

/** What every worker of a device is started with. */
export interface SessionSetup extends Omit<WorkerSetup, 'port' | 'memory'> {
  /** Values of a sample. */
  readonly elements: number;
  readonly classes: number;
  /** How samples are encoded. Default: auto. */
  readonly sampleForm?: SampleForm;
  /** The worker's program; tests put faulty ones here. */
  readonly entry?: URL;
}

const SESSION_WORKER_ENTRY = new URL('./session-worker-entry.js', import.meta.url);

interface Waiter<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

interface Asked extends Waiter<InferenceResult> {
  readonly at: number;
  /** Of the session that will answer: the next may be loading when the answer is taken. */
  readonly version: number;
}

/** One worker thread with one session in it. */
export class SessionWorker implements SessionHost {
  /** The version of the session that predicts what is asked from now on. */
  #version = 0;
  readonly #worker: Worker;
  /** Resolves when the thread has ended. */
  readonly #gone: Promise<void>;
  readonly #port: MessagePort;
  readonly #counters: Int32Array;
  readonly #slots: readonly Slot[];
  readonly #polling = new Polling(availableParallelism() > 1);
  readonly #onFree: () => void;
  readonly #onDeath: () => void;
  /** Predictions in flight, the oldest first; its number is `#answered`. */
  readonly #inFlight: Asked[] = [];
  #answered = 0;
  readonly #failures = new Map<number, string>();
  #pollUntil: number | undefined;
  #load: Waiter<void> | undefined;
  readonly #encodings = new Map<number, Waiter<EncodedSample>>();
  readonly #sketches = new Map<number, Waiter<Measured>>();
  #nextEncoding = 0;
  #death: RenormError | undefined;

  /**
   * @param onFree called when predictions have been answered, so that others can start
   * @param onDeath called when the thread has ended without having been asked to
   */
  constructor(setup: SessionSetup, onFree: () => void, onDeath: () => void) {
    this.#onFree = onFree;
    this.#onDeath = onDeath;
    const memory = allocateSlots(setup.elements, setup.classes);
    ({ counters: this.#counters, slots: this.#slots } = viewSlots(memory));
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#port.on('message', (message: FromWorker) => this.#receive(message));
    const { entry = SESSION_WORKER_ENTRY, ...shared } = setup;
    const workerData: WorkerSetup = { ...shared, memory, port: port2 };
    // No execArgv: the entry is plain JavaScript, and the loaders and inspectors of the program are not for it.
    this.#worker = new Worker(entry, { workerData, transferList: [port2], execArgv: [] });
    this.#worker.once('error', (cause) => this.#die(cause));
    const liftGuard = guardExit(this.#counters);
    this.#gone = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        liftGuard();
        this.#die(undefined);
        this.#port.close();
        resolve();
      });
    });
  }

  /** False once the thread has ended. */
  get alive(): boolean {
    return this.#death === undefined;
  }

  /** Whether a prediction can start now. */
  get hasFreeSlot(): boolean {
    return this.alive && this.#inFlight.length < SLOTS;
  }

  /** Predicts. Only with a session loaded and a free slot. */
  run(input: Float32Array): Promise<InferenceResult> {
    this.#slot(this.#answered + this.#inFlight.length).input.set(input);
    const at = performance.now();
    this.#look(this.#polling.started(at));
    Atomics.add(this.#counters, Counter.Asked, 1);
    if (Atomics.load(this.#counters, Counter.WorkerLooks) === 0) this.#say(0);
    return new Promise((resolve, reject) => {
      this.#inFlight.push({ resolve, reject, at, version: this.#version });
    });
  }

  /**
   * Builds a session of a version and warms it up, behind what is in flight; rejects with the reason as a plain Error.
   */
  load(version: number, parameters: ParameterSet | undefined): Promise<void> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    this.#version = version;
    this.#say({ kind: 'load', parameters });
    return new Promise((resolve, reject) => {
      this.#load = { resolve, reject };
    });
  }

  /** Encodes a sample, whose values it takes away; rejects with the reason as a plain Error. */
  encode(sample: Tensor, form: SampleForm): Promise<EncodedSample> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const id = this.#nextEncoding++;
    this.#port.postMessage({ kind: 'encode', id, sample, form } satisfies ToWorker, [
      sample.data.buffer as ArrayBuffer,
    ]);
    return new Promise((resolve, reject) => {
      this.#encodings.set(id, { resolve, reject });
    });
  }

  /** Measures a batch of images, which it takes away; rejects with the reason as a plain Error. */
  sketch(images: Float32Array, count: number, parameters: ParameterSet | undefined): Promise<Measured> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const id = this.#nextEncoding++;
    const message: ToWorker = { kind: 'sketch', id, images, count, parameters };
    this.#port.postMessage(message, [images.buffer as ArrayBuffer]);
    return new Promise((resolve, reject) => {
      this.#sketches.set(id, { resolve, reject });
    });
  }

  /** Lets the session go once its predictions have come back. */
  release(): void {
    this.#say({ kind: 'release' });
  }

  /** Ends the thread behind the prediction that it is computing; what is in flight rejects with CLOSED. */
  async end(): Promise<void> {
    if (this.#death === undefined) {
      Atomics.store(this.#counters, Counter.Ending, 1);
      this.#say({ kind: 'end' });
      this.#die(new RenormError('CLOSED', 'the device was closed while it predicted.'));
    }
    await this.#gone;
  }

  #say(message: ToWorker): void {
    this.#port.postMessage(message);
  }

  #receive(message: FromWorker): void {
    if (message === 0) {
      this.#takeAnswers();
      return;
    }
    switch (message.kind) {
      case 'failed':
        this.#failures.set(message.n, message.reason);
        this.#takeAnswers();
        break;
      case 'loaded':
        this.#takeLoad()?.resolve();
        break;
      case 'not-loaded':
        this.#takeLoad()?.reject(new Error(message.reason));
        break;
      case 'encoded':
        taken(this.#encodings, message.id)?.resolve(message.encoded);
        break;
      case 'sketched':
        taken(this.#sketches, message.id)?.resolve(message.measured);
        break;
      case 'not-encoded':
        taken(this.#encodings, message.id)?.reject(new Error(message.reason));
        taken(this.#sketches, message.id)?.reject(new Error(message.reason));
        break;
    }
  }

  /** Settles what the worker has answered. */
  #takeAnswers(): void {
    if (!this.alive) return;
    const answered = Atomics.load(this.#counters, Counter.Answered);
    while (this.#answered !== answered) {
      const n = this.#answered;
      const failed = Atomics.load(this.#counters, Counter.Failed + slotIndex(n)) === 1;
      const reason = this.#failures.get(n);
      // The reason comes as a message, later than one sees the counter.
      if (failed && reason === undefined) break;
      const { resolve, reject, at, version } = this.#inFlight.shift() as Asked;
      this.#answered = (n + 1) | 0;
      this.#polling.answered(performance.now(), at);
      if (failed) {
        this.#failures.delete(n);
        reject(
          new RenormError(
            'INFERENCE_FAILED',
            `the runtime failed on a sample (${reason}); later samples are predicted.`,
          ),
        );
      } else {
        resolve({ logits: this.#slot(n).output.slice(), version });
      }
    }
    this.#onFree();
  }

  #slot(n: number): Slot {
    return this.#slots[slotIndex(n)] as Slot;
  }

  #takeLoad(): Waiter<void> | undefined {
    const load = this.#load;
    this.#load = undefined;
    return load;
  }

  /** Starts to look for answers, until a time; or leaves it to messages. */
  #look(until: number | undefined): void {
    const was = this.#pollUntil;
    this.#pollUntil = until;
    const flag = until === undefined ? 0 : 1;
    Atomics.store(this.#counters, Counter.WorkerMayPoll, flag);
    if (flag === 0 || was !== undefined) return;
    Atomics.store(this.#counters, Counter.MainLooks, 1);
    setImmediate(() => this.#turn());
  }

  /** One look in each turn of the event loop. */
  #turn(): void {
    this.#takeAnswers();
    if (this.#inFlight.length > 0 && this.#pollUntil !== undefined) {
      if (performance.now() < this.#pollUntil) return void setImmediate(() => this.#turn());
      this.#polling.missed();
    }
    this.#pollUntil = undefined;
    Atomics.store(this.#counters, Counter.MainLooks, 0);
    // What was answered before the flag went down brought no message with it.
    this.#takeAnswers();
  }

  #die(cause: unknown): void {
    if (this.#death !== undefined) return;
    const asked = cause instanceof RenormError;
    const text = 'the thread that predicts has ended; another is being started.';
    this.#death = asked ? cause : new RenormError('INFERENCE_FAILED', text, { cause });
    for (const waiter of this.#inFlight.splice(0)) waiter.reject(this.#death);
    this.#takeLoad()?.reject(this.#death);
    for (const waiter of [...this.#encodings.values(), ...this.#sketches.values()]) waiter.reject(this.#death);
    this.#encodings.clear();
    this.#sketches.clear();
    if (!asked) this.#onDeath();
  }
}

/** Who waits for an answer, and no longer does. */
function taken<Value>(waiting: Map<number, Waiter<Value>>, id: number): Waiter<Value> | undefined {
  const waiter = waiting.get(id);
  waiting.delete(id);
  return waiter;
}
