import {
  create,
  type Device as DeviceMessage,
  DeviceSchema,
  type ErrorCode,
  RenormError,
  SESSION_LENGTH,
} from '@renorm/protocol';
import type { DeviceEvents, Tell } from './device-events.js';
import type { DeviceParts } from './device-options.js';
import { type DeviceStatus, type LastError, MODEL_UNKNOWN_ADVICE } from './device-status.js';
import { Emitter, type Listener } from './events.js';
import { Freshness } from './freshness.js';
import { Intake, type Undecided } from './intake.js';
import { Link } from './link.js';
import type { InferenceResult } from './platform.js';
import { isImage, SampleChecker, type SampleInput } from './sample-input.js';
import { initialSelection } from './selection.js';
import { softmax } from './softmax.js';
import { UploadQueue } from './upload-queue.js';
import { Uploader } from './uploader.js';
import { VersionGate } from './version-gate.js';
import { VersionKeeper } from './version-keeper.js';

/** What the device says about a sample. */
export interface Prediction {
  /** Index of the most probable class. */
  readonly label: number;
  /** softmax, one for each class. */
  readonly probabilities: Float32Array;
  /** H = -sum p ln p in nats. */
  readonly entropy: number;
  /** The number of the version that made the prediction; 0 is the model as exported. */
  readonly version: number;
}

/** How long `flush` and `close` wait at most, in milliseconds. */
const FLUSH_MS = 10_000;
const CLOSE_FLUSH_MS = 2000;
const DRAIN_POLL_MS = 10;

/** A version did not decode: perhaps what is held is the reason. */
const UNDECODED: ReadonlySet<ErrorCode> = new Set([
  'VERSION_REFUSED',
  'VERSION_MISMATCH',
  'VERSION_DIGEST',
  'VERSION_NOT_FINITE',
]);

/**
 * A device: predicts, selects what is worth learning from, uploads it, takes new versions. Predicts with or without a cloud.
 * Open one with `openDevice` of `@renorm/edge/node`.
 */
export class Device {
  readonly #parts: DeviceParts;
  readonly #events = new Emitter<DeviceEvents>();
  readonly #checker: SampleChecker;
  readonly #queue: UploadQueue;
  readonly #intake: Intake;
  readonly #versions: VersionKeeper;
  readonly #gate: VersionGate;
  readonly #uploader: Uploader;
  readonly #link: Link;
  readonly #freshness: Freshness;
  #inFlight = 0;
  #predictions = 0;
  #outage: string | undefined;
  #lastError: LastError | undefined;
  #closing: Promise<void> | undefined;

  /** Starts to connect at once. @throws RenormError REQUEST_INVALID for a selection option without meaning */
  constructor(parts: DeviceParts) {
    this.#parts = parts;
    const { transport, clock, random, tuning, modelDigest, id, cohort } = parts;
    const device: DeviceMessage = create(DeviceSchema, { id, cohort, modelDigest });
    this.#checker = new SampleChecker(parts.shape);
    this.#queue = new UploadQueue(tuning.queue);
    const tell: Tell = (name, payload) => this.#tell(name, payload);
    this.#intake = new Intake(initialSelection(parts.classes, tuning.selection), {
      ...{ clock, tell, queue: this.#queue, shape: parts.shape, inference: parts.inference },
      ...(parts.images && { images: parts.images }),
      onKept: () => this.#uploader.poke(),
    });
    this.#versions = new VersionKeeper(parts.inference, parts.exported, tell);
    const held = () => this.#versions.held;
    this.#gate = new VersionGate(
      { cohort, modelDigest, held, now: () => clock.now(), onForgetful: (error) => this.#tell('error', error) },
      parts.trust,
    );
    this.#uploader = new Uploader({
      ...{ transport, clock, random, queue: this.#queue, device },
      ...{ budgetRetryMs: tuning.budgetRetryMs, backoff: tuning.backoff },
      session: random.bytes(SESSION_LENGTH),
      onLost: (error) => this.#link.lose(error),
      onError: (error) => this.#tell('error', error),
      askTerms: () => void this.#link.askTerms(),
    });
    this.#freshness = new Freshness(clock, (error) => this.#tell('error', error));
    this.#link = new Link({
      ...{ transport, clock, random, device, backoff: tuning.backoff },
      held,
      gate: this.#gate,
      onConnected: (welcome) => {
        this.#outage = undefined;
        this.#versions.aimFor(welcome.latest.number);
        this.#uploader.open(welcome);
        this.#tell('connected', { latest: welcome.latest });
      },
      onTerms: (welcome) => this.#uploader.open(welcome),
      onVersion: (admitted) => {
        this.#versions.take(admitted);
        this.#gate.taken(admitted);
        if (parts.trust !== undefined) this.#freshness.heard(Number(admitted.version.expiresAtMs));
      },
      onLost: (error, retryInMs) => this.#lost(error, retryInMs),
    });
    void this.#link.start();
  }

  /**
   * Predicts one sample. Everything else about it happens after the promise has resolved.
   *
   * @param input values of one sample without the batch axis, or an image file; copied, the caller may use the buffer again at once
   * @throws RenormError SAMPLE_INVALID (shape, or the index of a value that is not finite), IMAGE_UNREADABLE, INFERENCE_FAILED, CLOSED
   */
  async infer(input: SampleInput): Promise<Prediction> {
    if (this.#closing !== undefined) throw new RenormError('CLOSED', 'the device has been closed; open another.');
    // Not slice, which of a Buffer is a view.
    const file = isImage(input) ? new Uint8Array(input.image) : undefined;
    const values = isImage(input) ? undefined : this.#checker.check(input).slice();
    this.#inFlight++;
    try {
      const tensor = values ?? (await this.#prepare(file as Uint8Array));
      return this.#predicted({ input: tensor, ...(file && { file }) }, await this.#parts.inference.run(tensor));
    } finally {
      this.#inFlight--;
    }
  }

  /** Counters and connection, as they are now. */
  status(): DeviceStatus {
    const { bytesUp, bytesDown } = this.#parts.transport.counters;
    return {
      version: this.#versions.serving,
      rootVersion: this.#gate.rootVersion,
      connected: this.#link.state === 'connected',
      connectionSince: this.#link.since,
      predictions: this.#predictions,
      selected: this.#intake.kept,
      uploaded: this.#uploader.uploaded,
      pending: this.#queue.pending,
      dropped: this.#queue.dropped,
      bytesUp,
      bytesDown,
      ...(this.#lastError && { lastError: this.#lastError }),
    };
  }

  /** Calls `listener` at every event of that name, until the function that comes back is called. */
  on<Name extends keyof DeviceEvents>(name: Name, listener: Listener<DeviceEvents[Name]>): () => void {
    return this.#events.on(name, listener);
  }

  /** Takes a listener off again. */
  off<Name extends keyof DeviceEvents>(name: Name, listener: Listener<DeviceEvents[Name]>): void {
    this.#events.off(name, listener);
  }

  /**
   * Uploads what waits without waiting for full batches.
   *
   * @param timeoutMs how long to try at most, in milliseconds
   * @returns the number of samples that still wait: 0 if all are on the cloud's disk
   */
  flush(timeoutMs = FLUSH_MS): Promise<number> {
    return this.#drain(timeoutMs, () => false);
  }

  /** Uploads what waits as long as the cloud answers, for 2 s at most, then ends threads and connections. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #prepare(file: Uint8Array): Promise<Float32Array> {
    const { images, shape } = this.#parts;
    if (images !== undefined) return images.prepare(file);
    const text = `the sample is an image, and the model takes [${shape}], not 1 or 3 channels, height and width; give its values.`;
    return Promise.reject(new RenormError('SAMPLE_INVALID', text));
  }

  #predicted(given: Pick<Undecided, 'input' | 'file'>, { logits, version }: InferenceResult): Prediction {
    const { label, probabilities, entropy } = softmax(logits);
    this.#predictions++;
    // The selection has its own copy of the probabilities: the caller may change those that it gets.
    this.#intake.add({ ...given, probabilities: probabilities.slice(), entropy, version });
    return { label, probabilities, entropy, version };
  }

  #lost(error: RenormError, retryInMs: number): void {
    this.#uploader.close();
    if (UNDECODED.has(error.code)) this.#versions.startOver();
    const told =
      error.code === 'MODEL_UNKNOWN' ? new RenormError('MODEL_UNKNOWN', MODEL_UNKNOWN_ADVICE, { cause: error }) : error;
    this.#remember(told);
    // Once an outage, and again when its reason changes.
    if (this.#outage === told.code) return;
    this.#outage = told.code;
    this.#tell('disconnected', { error: told, retryInMs });
    this.#tell('error', told);
  }

  #tell<Name extends keyof DeviceEvents>(name: Name, payload: DeviceEvents[Name]): void {
    if (payload instanceof RenormError) this.#remember(payload);
    this.#events.emit(name, payload);
  }

  #remember({ code, message }: RenormError): void {
    this.#lastError = { code, message, at: this.#parts.clock.now() };
  }

  async #shutDown(): Promise<void> {
    await this.#drain(CLOSE_FLUSH_MS, () => this.#link.state === 'waiting' || !this.#uploader.hasBudget);
    this.#uploader.close();
    this.#link.close();
    this.#freshness.close();
    this.#parts.transport.close();
    await Promise.all([this.#parts.inference.close(), this.#parts.images?.close()]);
  }

  /** Waits until nothing is left to upload, the time is up, or there is no hope. */
  async #drain(timeoutMs: number, hopeless: () => boolean): Promise<number> {
    const { clock } = this.#parts;
    const end = clock.now() + timeoutMs;
    do {
      // A prediction that was returned may still be undecided, and one in flight may be selected.
      this.#intake.decide();
      const settled = this.#inFlight === 0 && !this.#intake.busy;
      if (settled && (this.#queue.pending === 0 || hopeless())) break;
      this.#uploader.hurry = true;
      await new Promise<void>((resolve) => clock.after(DRAIN_POLL_MS, resolve));
    } while (clock.now() < end);
    this.#uploader.hurry = false;
    return this.#queue.pending;
  }
}
