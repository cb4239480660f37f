import { create, DeviceSchema, elementsOf, modelFactsMessage, RenormError, SESSION_LENGTH } from '@renorm/protocol';
import { consentOf } from './consent.js';
import type { Departed, DeviceEvents, Tell } from './device-events.js';
import type { DeviceParts } from './device-options.js';
import type { DeviceStatus } from './device-status.js';
import type { ModelFacts } from './edge-model.js';
import type { SelectedSample } from './effects.js';
import { Emitter, type Listener } from './events.js';
import { Intake, type Undecided } from './intake.js';
import { type RankedClass, ranked } from './labels.js';
import type { InferenceResult, PreparedImage } from './platform.js';
import { Probation } from './probation.js';
import { Runner } from './runner.js';
import { copyFrame, type Frame, isFrame, isImage, SampleChecker, type SampleInput } from './sample-input.js';
import { initialSession } from './session-state.js';
import { Sketcher } from './sketcher.js';
import { softmax } from './softmax.js';
import { Keeper } from './state/keeper.js';
import { memoryStore } from './state/memory-store.js';
import { decodePlain, encodePlain } from './state/plain.js';
import { KEY, LOG } from './state/records.js';
import { resumedSession } from './state/resume.js';
import { trustMemoryIn } from './state/trust-memory.js';
import { pendingIn } from './upload-queue.js';

/** What the device says about a sample. */
export interface Prediction {
  /** Index of the most probable class. */
  readonly label: number;
  /** The five most probable classes, with their names where they are known. */
  readonly top: readonly RankedClass[];
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
/** How long `close` waits for predictions in flight at most. */
const CLOSE_PREDICTIONS_MS = 30_000;
const DRAIN_POLL_MS = 10;

/**
 * A device: predicts, selects what is worth learning from, uploads it, takes new versions. Predicts with or without a
 * cloud. Open one with `openDevice` of `@renorm/edge/node`.
 */
export class Device {
  readonly #parts: DeviceParts;
  readonly #events = new Emitter<DeviceEvents>();
  readonly #checker: SampleChecker;
  readonly #intake: Intake;
  readonly #runner: Runner;
  readonly #keeper: Keeper;
  readonly #probation: Probation;
  #consents: boolean;
  #inFlight = 0;
  #predictions = 0;
  #closing: Promise<void> | undefined;

  /** Starts to connect at once. @throws RenormError REQUEST_INVALID for a selection option without meaning */
  constructor(parts: DeviceParts) {
    this.#parts = parts;
    const { inference, transport, clock, random, tuning, modelDigest, id, cohort, trust } = parts;
    this.#checker = new SampleChecker(parts.shape);
    this.#consents = consentOf(tuning.consent, parts.recalled?.consent);
    this.#probation = new Probation(elementsOf(parts.shape));
    const tell: Tell = (name, payload) => this.#events.emit(name, payload);
    const { upload = 'samples', sketches } = tuning;
    const taken = {
      onSample: (sample: SelectedSample) => this.#runner.dispatch({ kind: 'sample', sample }),
      onLost: (error: RenormError) => this.#runner.dispatch({ kind: 'not-encoded', error }),
    };
    const { sketch } = inference;
    const measuring = { inference: { sketch: sketch?.bind(inference) as NonNullable<typeof sketch> }, ...taken };
    const sketcher = sketch && sketches && new Sketcher(sketches, { ...measuring, classes: parts.classes });
    this.#intake = new Intake(tuning.selection, {
      ...{
        clock,
        random,
        tell,
        inference,
        shape: parts.shape,
        classes: parts.classes,
        uploads: () => upload === 'samples',
      },
      consents: () => this.#consents,
      ...(tuning.redact && { redact: tuning.redact }),
      ...(parts.images && { images: parts.images }),
      ...(sketcher && { sketcher }),
      ...(parts.recalled?.selection && { recalled: parts.recalled.selection }),
      onRemembered: (kept) => this.#keeper.put(KEY.selection, encodePlain(kept)),
      onDecided: (kept, reason) => this.#runner.dispatch({ kind: 'decided', upload: kept, reason }),
      ...taken,
    });
    const setup = { ...tuning, cohort, modelDigest };
    const now = { at: clock.monotonic(), date: clock.now() };
    const { recalled, store = memoryStore() } = parts;
    this.#keeper = new Keeper({
      ...{ store, clock, random, backoff: tuning.backoff },
      onTrouble: (error) => this.#runner.dispatch(error ? { kind: 'not-kept', error } : { kind: 'kept' }),
    });
    for (const { key, value } of recalled?.changes ?? []) this.#keeper.put(key, value);
    const remembering = trust && { memory: trustMemoryIn(this.#keeper), ...trust };
    const resumed = resumedSession(recalled, parts.version, now);
    const session = initialSession(setup, parts.exported, now, trust?.root, trust?.recalled, resumed);
    this.#runner = new Runner(session, {
      ...{ inference, transport, clock, random, tell, ...(remembering && { trust: remembering }) },
      device: create(DeviceSchema, { id, cohort, modelDigest }),
      model: modelFactsMessage({ ...parts.model, sampleShape: parts.shape }),
      uploadSession: recalled?.uploads?.session ?? random.bytes(SESSION_LENGTH),
      keeper: this.#keeper,
      probation: this.#probation,
    });
    // Those who opened the device listen from the next turn on.
    clock.soon(() => {
      const { refusal } = parts;
      if (refusal !== undefined) this.#runner.dispatch({ kind: 'not-loaded', error: refusal });
      if (!this.#consents) this.#runner.dispatch({ kind: 'erase' });
      this.#runner.dispatch({ kind: 'start' });
    });
  }

  /**
   * Predicts one sample. Everything else about it happens after the promise has resolved.
   *
   * @param input values of one sample without the batch axis, an image file, or a frame of pixels; copied, the caller
   *   may use the buffer again at once
   * @throws RenormError SAMPLE_INVALID (shape, or the index of a value that is not finite), IMAGE_UNREADABLE,
   *   INFERENCE_FAILED, CLOSED
   */
  async infer(input: SampleInput): Promise<Prediction> {
    if (this.#closing !== undefined) throw new RenormError('CLOSED', 'the device has been closed; open another.');
    const given = this.#copied(input);
    this.#inFlight++;
    try {
      const prepared = given instanceof Float32Array ? { input: given } : await this.#prepare(given);
      return this.#predicted(prepared, await this.#parts.inference.run(prepared.input));
    } finally {
      this.#inFlight--;
    }
  }

  /** Whether samples may leave the device. */
  get consent(): boolean {
    return this.#consents;
  }

  /**
   * Says whether samples, and sketches of them, may leave the device, from now on. Taken back, what waits is erased;
   * what is on its way to the cloud is not called back. Remembered with the state.
   */
  setConsent(given: boolean): void {
    this.#consents = given;
    this.#keeper.put(KEY.consent, encodePlain({ given }));
    if (!given) this.#runner.dispatch({ kind: 'erase' });
  }

  /** What left of late and why, the oldest first: the latest 10,000 samples, over restarts where state is kept. */
  async log(): Promise<readonly Departed[]> {
    await this.#keeper.settled();
    const entries = await this.#keeper.list(LOG);
    return entries.map(({ value }) => decodePlain(value) as Departed);
  }

  /**
   * Erases the samples that wait and the log of what left, from the disk too. What the cloud has it has.
   *
   * @throws RenormError DATA_NOT_WRITABLE: not yet from the disk
   */
  async erase(): Promise<void> {
    this.#runner.dispatch({ kind: 'erase' });
    await this.#keeper.settled();
    for (const { key } of await this.#keeper.list(LOG)) this.#keeper.put(key, undefined);
    await this.#keeper.purge();
  }

  /** What the device found out of its model, and what it did to it. */
  get model(): ModelFacts {
    return this.#parts.model;
  }

  /** Counters and connection, as they are now. */
  status(): DeviceStatus {
    const { bytesUp, bytesDown } = this.#parts.transport.counters;
    const { versions, trust, phase, since, uploads, health, lastError } = this.#runner.session;
    return {
      version: versions.serving.number,
      rootVersion: trust?.root.version ?? 0,
      connected: phase === 'connected',
      connectionSince: since.date,
      predictions: this.#predictions,
      selected: this.#intake.kept,
      uploaded: uploads.uploaded,
      pending: pendingIn(uploads.queue),
      dropped: uploads.queue.dropped,
      bytesUp,
      bytesDown,
      health: health.conditions,
      ...(lastError && { lastError }),
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

  /** @throws RenormError SAMPLE_INVALID */
  #copied(input: SampleInput): Float32Array | Uint8Array | Frame {
    // Not slice, which of a Buffer is a view.
    if (isImage(input)) return new Uint8Array(input.image);
    return isFrame(input) ? copyFrame(input) : this.#checker.check(input).slice();
  }

  #prepare(image: Uint8Array | Frame): Promise<PreparedImage> {
    const { images, shape } = this.#parts;
    if (images !== undefined) return images.prepare(image);
    const text = `the sample is an image, and the model takes [${shape}], not 1 or 3 channels, height and width; give its values.`;
    return Promise.reject(new RenormError('SAMPLE_INVALID', text));
  }

  #predicted(given: Pick<Undecided, 'input' | 'file'>, { logits, version }: InferenceResult): Prediction {
    const { label, probabilities, entropy } = softmax(logits);
    this.#predictions++;
    const probability = probabilities[label] ?? Number.NaN;
    if (this.#probation.add(given.input, { label, probability, version })) void this.#runner.doubt();
    // The selection has its own copy of the probabilities: the caller may change those that it gets.
    this.#intake.add({ ...given, label, logits, probabilities: probabilities.slice(), entropy, version });
    return { label, top: ranked(probabilities, this.#parts.labels), probabilities, entropy, version };
  }

  async #shutDown(): Promise<void> {
    const isHopeless = (): boolean => {
      const { phase, uploads } = this.#runner.session;
      return phase === 'waiting' || !uploads.hasBudget;
    };
    // What was asked before is answered, however busy the machine is.
    await this.#until(CLOSE_PREDICTIONS_MS, () => this.#inFlight === 0);
    await this.#drain(CLOSE_FLUSH_MS, isHopeless);
    await this.#runner.close();
    this.#intake.remember();
    await this.#keeper.close();
    this.#parts.transport.close();
    await Promise.all([this.#parts.inference.close(), this.#parts.images?.close()]);
  }

  /** Waits until nothing is left to upload, the time is up, or there is no hope. */
  async #drain(timeoutMs: number, isHopeless: () => boolean): Promise<number> {
    const pending = (): number => pendingIn(this.#runner.session.uploads.queue);
    this.#runner.dispatch({ kind: 'hurry', on: true });
    await this.#until(timeoutMs, () => {
      // A prediction that was returned may still be undecided, and one in flight may be selected.
      this.#intake.decide();
      const settled = this.#inFlight === 0 && !this.#intake.busy;
      return settled && (pending() === 0 || isHopeless());
    });
    this.#runner.dispatch({ kind: 'hurry', on: false });
    return pending();
  }

  async #until(timeoutMs: number, isDone: () => boolean): Promise<void> {
    const { clock } = this.#parts;
    const end = clock.monotonic() + timeoutMs;
    while (!isDone() && clock.monotonic() < end)
      await new Promise<void>((resolve) => clock.after(DRAIN_POLL_MS, resolve));
  }
}
