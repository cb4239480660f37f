import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import { parseModel, readParameters } from '@renorm/onnx';
import {
  adaptationService,
  applyVersion,
  create,
  digestBytes,
  encodeSample,
  exportedVersion,
  toHex,
  UploadRequestSchema,
  type UploadResponse,
  type VersionState,
  WatchRequestSchema,
  type WatchResponse,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import { repositoryPath } from '../support/cloud-process.js';
import type { Random } from './random.js';

const definition = grpcDefinition(adaptationService);
const edgeModel = readFileSync(repositoryPath('models/fashion-edge.onnx'));
const modelDigest = digestBytes(edgeModel);
const exported = exportedVersion(readParameters(parseModel(edgeModel)));
const shape = [1, 28, 28];
const PIXELS = 28 * 28;
/** A call that has no answer by then counts as one that the cloud swallowed. */
const DEADLINE_MS = 120_000;
const RETRY_MS = 50;

/** What devices were told is kept, and what they were sent: the other side of what the store holds. */
export interface Witness {
  /** Digest of a sample's stored bytes by `cohort session device sequence`, of those that were acknowledged. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Of all that was sent, acknowledged or not. */
  readonly sent: ReadonlyMap<string, string>;
  /** Hexadecimal digest by `cohort number` of every version that a device has taken. */
  readonly versions: ReadonlyMap<string, string>;
  /** What was seen that must never be: a version under a number that had another digest. */
  readonly forked: readonly string[];
}

export interface LoadOptions {
  readonly cohorts: readonly string[];
  readonly devicesPerCohort: number;
  readonly samplesPerUpload: number;
  readonly random: Random;
}

/**
 * Devices that upload without end, whatever becomes of their cloud, send again what was not acknowledged, and take
 * every version.
 */
export class Load implements Witness {
  readonly acknowledged = new Map<string, string>();
  readonly sent = new Map<string, string>();
  readonly versions = new Map<string, string>();
  readonly forked: string[] = [];
  /** gRPC statuses of refused uploads by the code that leads their text. */
  readonly refused = new Map<string, number>();
  readonly #options: LoadOptions;
  readonly #work: Promise<void>[] = [];
  #client: Client | undefined;
  #closed = false;
  #streams: ClientReadableStream<WatchResponse>[] = [];

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(address: string): void {
    this.moveTo(address);
    for (const cohort of this.#options.cohorts) {
      for (let i = 0; i < this.#options.devicesPerCohort; i++) this.#work.push(this.#upload(cohort, `device-${i}`));
      this.#work.push(this.#follow(cohort));
    }
  }

  /** Where the cloud is from now on. */
  moveTo(address: string): void {
    this.#client?.close();
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
    });
  }

  /** What has been seen up to now, as it will stay. */
  snapshot(): Witness {
    const { acknowledged, sent, versions, forked } = this;
    return {
      acknowledged: new Map(acknowledged),
      sent: new Map(sent),
      versions: new Map(versions),
      forked: [...forked],
    };
  }

  async stop(): Promise<void> {
    this.#closed = true;
    for (const stream of this.#streams) stream.cancel();
    await Promise.all(this.#work);
    this.#client?.close();
  }

  async #upload(cohort: string, id: string): Promise<void> {
    const { random, samplesPerUpload } = this.#options;
    const session = Uint8Array.from({ length: 16 }, () => random.below(256));
    for (let next = 1; !this.#closed; ) {
      const samples = Array.from({ length: 1 + random.below(samplesPerUpload) }, (_, i) => {
        const [scale, offset] = [1 + random.below(7), random.below(256)];
        const data = Float32Array.from({ length: PIXELS }, (_, k) => Math.fround(((k * scale + offset) % 256) / 255));
        return { ...encodeSample({ data, shape }), sequence: BigInt(next + i), entropy: 0.5 };
      });
      const keys = samples.map(({ sequence }) => `${cohort} ${toHex(session)} ${id} ${sequence}`);
      const digests = samples.map(({ data }) => toHex(digestBytes(data)));
      for (const [i, key] of keys.entries()) this.sent.set(key, digests[i] as string);
      const device = { id, cohort, modelDigest };
      const request = create(UploadRequestSchema, { device, session, samples });
      for (let done = false; !done && !this.#closed; ) {
        try {
          const { acknowledgedSequence } = await this.#call(request);
          for (const [i, key] of keys.entries())
            if (BigInt(next + i) <= acknowledgedSequence) this.acknowledged.set(key, digests[i] as string);
          done = true;
        } catch (error) {
          const code = /^[A-Z_]+(?=:)/.exec((error as { details?: string }).details ?? '')?.[0] ?? 'no answer';
          this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
          await sleep(RETRY_MS);
        }
      }
      next += samples.length;
    }
  }

  #call(request: Parameters<typeof definition.upload.requestSerialize>[0]): Promise<UploadResponse> {
    const { path, requestSerialize, responseDeserialize } = definition.upload;
    const options = { deadline: Date.now() + DEADLINE_MS };
    return new Promise((resolve, reject) => {
      this.#client?.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options,
        (error, response) =>
          error === null && response !== undefined ? resolve(response as UploadResponse) : reject(error),
      );
    });
  }

  async #follow(cohort: string): Promise<void> {
    let held: VersionState = exported;
    while (!this.#closed && this.#client !== undefined) {
      const { path, requestSerialize, responseDeserialize } = definition.watch;
      const running = { number: BigInt(held.number), digest: held.digest };
      const request = create(WatchRequestSchema, { device: { id: 'follower', cohort, modelDigest }, running });
      const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
      this.#streams.push(stream as ClientReadableStream<WatchResponse>);
      stream.on('error', () => undefined);
      try {
        for await (const { version } of stream as AsyncIterable<WatchResponse>) {
          if (version === undefined) continue;
          held = applyVersion(held, version);
          this.#taken(cohort, held);
        }
      } catch (error) {
        // A connection that ended; but a version that does not apply is a finding.
        if (!('details' in (error as object))) this.forked.push(`${cohort}: ${String(error)}`);
      }
      this.#streams = this.#streams.filter((each) => each !== stream);
      if (!this.#closed) await sleep(RETRY_MS);
    }
  }

  #taken(cohort: string, { number, digest }: VersionState): void {
    const key = `${cohort} ${number}`;
    const before = this.versions.get(key);
    if (before !== undefined && before !== toHex(digest)) this.forked.push(`${key}: ${before}, then ${toHex(digest)}`);
    this.versions.set(key, toHex(digest));
  }
}
