import {
  create,
  type Device as DeviceMessage,
  errorFromGrpc,
  parseUploadResponse,
  RenormError,
  type UploadRequest,
  UploadRequestSchema,
  type Welcome,
} from '@renorm/protocol';
import { type BackoffOptions, backoffMs } from './backoff.js';
import type { Clock, Random, Transport } from './platform.js';
import type { PendingSample, UploadQueue } from './upload-queue.js';

/** What the uploader needs of the device around it. */
export interface UploaderSurroundings {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly queue: UploadQueue;
  readonly device: DeviceMessage;
  /** 16 random bytes. */
  readonly session: Uint8Array;
  /** Milliseconds between questions whether there is budget again. */
  readonly budgetRetryMs: number;
  /** Waits between attempts after failures. */
  readonly backoff: BackoffOptions;
  /** An upload failed in a way that concerns the connection. */
  onLost(error: RenormError): void;
  /** An upload failed in a way that concerns its samples, the budget, or uploads alone. */
  onError(error: RenormError): void;
  /** Asks the cloud anew for its terms; ends in `open` or in the loss of the connection. */
  askTerms(): void;
}

/** Empties the queue towards the cloud: one batch at a time, in order, each until it is acknowledged. */
export class Uploader {
  readonly #around: UploaderSurroundings;
  /** The connection that uploads go over; undefined while there is none. A late failure of an older one is not its concern. */
  #connection: symbol | undefined;
  #maxSamples = 1;
  #limit = 1;
  #sending = false;
  #hurry = false;
  #hasBudget = true;
  #uploaded = 0;
  /** In a row. */
  #failures = 0;
  /** Nothing is sent before, in milliseconds since the Unix epoch. */
  #pausedUntil = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(around: UploaderSurroundings) {
    this.#around = around;
  }

  /** Samples that the cloud acknowledged. */
  get uploaded(): number {
    return this.#uploaded;
  }

  /** False while the cloud takes no more uploads; samples wait. */
  get hasBudget(): boolean {
    return this.#hasBudget;
  }

  /** Starts to upload, under the terms of the cloud. */
  open(terms: Welcome): void {
    if (this.#connection === undefined) this.#pausedUntil = 0;
    this.#connection ??= Symbol('connection');
    this.#maxSamples = terms.maxSamplesPerUpload;
    this.#limit = terms.maxSamplesPerUpload;
    this.#setBudget(terms.budgetLeft);
    this.poke();
  }

  /** Stops to upload; samples wait. */
  close(): void {
    this.#connection = undefined;
    this.#clearTimer();
  }

  /** Looks whether a batch is due. Call it when a sample came in. */
  poke(): void {
    if (this.#sending) return;
    this.#clearTimer();
    const due = this.#around.queue.dueIn(this.#around.clock.now(), this.#limit);
    if (due === undefined || this.#connection === undefined) return;
    const pause = this.#pausedUntil - this.#around.clock.now();
    if (pause > 0) this.#setTimer(pause, () => this.poke());
    else if (!this.#hasBudget) this.#setTimer(this.#around.budgetRetryMs, () => this.#around.askTerms());
    else if (due === 0 || this.#hurry) void this.#send(this.#connection);
    else this.#setTimer(due, () => this.poke());
  }

  /** Whether to send without waiting for full batches. */
  set hurry(hurry: boolean) {
    this.#hurry = hurry;
    if (hurry) this.poke();
  }

  async #send(connection: symbol): Promise<void> {
    this.#sending = true;
    const { queue, transport } = this.#around;
    const batch = queue.take(this.#limit);
    try {
      const receipt = parseUploadResponse(await transport.upload(this.#request(batch)));
      const done = queue.acknowledge(receipt.acknowledgedSequence);
      if (done === 0)
        throw new RenormError(
          'RESPONSE_INVALID',
          'the cloud answered an upload without acknowledging any of it; try again later.',
        );
      this.#uploaded += done;
      this.#failures = 0;
      this.#limit = Math.min(this.#maxSamples, this.#limit * 2);
      this.#setBudget(receipt.budgetLeft);
    } catch (error) {
      this.#failed(errorFromGrpc(error), batch.length, connection);
    }
    this.#sending = false;
    this.poke();
  }

  #failed(error: RenormError, batchSize: number, connection: symbol): void {
    const { queue, clock, random, backoff, onError, onLost } = this.#around;
    switch (error.code) {
      case 'BUDGET_EXHAUSTED':
        queue.giveBack();
        this.#hasBudget = false;
        onError(error);
        break;
      case 'SAMPLE_INVALID':
      case 'REQUEST_INVALID':
        // The cloud refuses a batch as a whole: halve it until the sample to blame is alone, and give that one up.
        if (batchSize > 1) {
          queue.giveBack();
          this.#limit = Math.ceil(batchSize / 2);
          break;
        }
        queue.discard();
        onError(error);
        break;
      case 'CLOUD_UNREACHABLE':
      case 'CLOSED':
      case 'MODEL_UNKNOWN':
      case 'UNAUTHENTICATED':
      case 'PERMISSION_DENIED':
        queue.giveBack();
        if (connection === this.#connection) onLost(error);
        break;
      default:
        // The trouble is with uploads alone: versions go on coming.
        queue.giveBack();
        this.#failures += 1;
        this.#pausedUntil = clock.now() + backoffMs(this.#failures, random.fraction(), backoff);
        onError(error);
    }
  }

  #request(batch: readonly PendingSample[]): UploadRequest {
    const samples = batch.map(({ sequence, encoded, version, entropy }) => ({
      ...encoded,
      sequence: BigInt(sequence),
      version: BigInt(version),
      entropy,
    }));
    return create(UploadRequestSchema, { device: this.#around.device, session: this.#around.session, samples });
  }

  #setBudget(left: number): void {
    this.#hasBudget = left > 0;
  }

  #setTimer(ms: number, callback: () => void): void {
    this.#cancelTimer = this.#around.clock.after(ms, callback);
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
