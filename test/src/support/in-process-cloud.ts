import type { Training } from '@renorm/cloud/internal';
import type { Transport, WatchHandlers } from '@renorm/edge';
import { StreamCloud } from '@renorm/eval';
import {
  type AnnounceRequest,
  AnnounceRequestSchema,
  type AnnounceResponse,
  AnnounceResponseSchema,
  create,
  fromBinary,
  parseAnnounce,
  parseWatch,
  parseWatchResponse,
  type Reference,
  toBinary,
  type UploadRequest,
  UploadRequestSchema,
  type UploadResponse,
  UploadResponseSchema,
  type WatchRequest,
  WatchResponseSchema,
} from '@renorm/protocol';

/** A cloud in the thread of its devices: every message goes through its bytes, none through a socket. */
export class InProcessCloud {
  readonly #training: Training;
  readonly #cloud: StreamCloud;
  readonly #streams = new Set<() => void>();
  readonly #unwatch: () => void;
  readonly maxSamplesPerUpload: number;
  /** Bytes of each WatchResponse. */
  readonly sent: number[] = [];

  constructor(training: Training, maxSamplesPerUpload: number) {
    this.#training = training;
    this.#cloud = new StreamCloud(training);
    this.maxSamplesPerUpload = maxSamplesPerUpload;
    this.#unwatch = training.cohorts.watch((_, what) => {
      if (what === 'head') for (const send of this.#streams) send();
    });
  }

  /** Makes the steps that there are to make. @returns how many */
  async train(): Promise<number> {
    return (await this.#cloud.train()).length;
  }

  /** A device's connection. */
  connect(): Transport {
    return {
      announce: (request) => this.#announce(request),
      upload: (request) => this.#upload(request),
      watch: (request, handlers) => this.#watch(request, handlers),
      counters: { bytesUp: 0, bytesDown: 0 },
      close: () => undefined,
    };
  }

  async close(): Promise<void> {
    this.#unwatch();
    await this.#cloud.close();
    await this.#training.close();
  }

  async #announce(request: AnnounceRequest): Promise<AnnounceResponse> {
    const { device } = parseAnnounce(fromBinary(AnnounceRequestSchema, toBinary(AnnounceRequestSchema, request)));
    const { version } = await this.#training.cohorts.standing(device.cohort);
    const { number, digest } = version ?? this.#training.exported;
    const { maxSamplesPerUpload } = this;
    return create(AnnounceResponseSchema, {
      latest: { number: BigInt(number), digest },
      ...{ maxSamplesPerUpload, budgetLeft: 1 },
    });
  }

  async #upload(request: UploadRequest): Promise<UploadResponse> {
    const { acknowledged, duplicates } = await this.#cloud.upload(toBinary(UploadRequestSchema, request));
    return create(UploadResponseSchema, {
      acknowledgedSequence: BigInt(acknowledged),
      ...{ duplicates, budgetLeft: 1 },
    });
  }

  #watch(request: WatchRequest, { onResponse, onEnd }: WatchHandlers): () => void {
    const { device, running } = parseWatch(request);
    let held: Reference = running;
    let sending = Promise.resolve();
    const send = async (): Promise<void> => {
      const bytes = await this.#cloud.watch(held, device.cohort);
      if (bytes === undefined || !this.#streams.has(next)) return;
      const response = fromBinary(WatchResponseSchema, bytes);
      const { number, digest } = parseWatchResponse(response);
      held = { number: Number(number), digest };
      this.sent.push(bytes.length);
      onResponse(response);
    };
    const next = (): void => {
      sending = sending.then(send).catch(onEnd);
    };
    this.#streams.add(next);
    next();
    return () => this.#streams.delete(next);
  }
}
