import { Client, type ClientReadableStream, credentials } from '@grpc/grpc-js';
import { parseModel, readParameters } from '@renorm/onnx';
import {
  AnnounceRequestSchema,
  type AnnounceResponse,
  adaptationService,
  applyVersion,
  create,
  digestBytes,
  encodeSample,
  exportedVersion,
  UploadRequestSchema,
  type UploadResponse,
  type VersionState,
  WatchRequestSchema,
  type WatchResponse,
} from '@renorm/protocol';
import { grpcDefinition } from '@renorm/protocol/node';
import { edgeModel } from './committed-models.test-support.js';

const definition = grpcDefinition(adaptationService);

/** A client that speaks the protocol and nothing more: what another implementation would send. */
export class RawClient {
  readonly #client: Client;
  readonly modelDigest = digestBytes(edgeModel().bytes);
  readonly exported = exportedVersion(readParameters(parseModel(edgeModel().bytes)));
  readonly #cohort: string;
  readonly session = new Uint8Array(16).fill(7);

  constructor(address: string, cohort: string) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#cohort = cohort;
  }

  device(modelDigest = this.modelDigest) {
    return { id: 'raw', cohort: this.#cohort, modelDigest };
  }

  announce(modelDigest?: Uint8Array): Promise<AnnounceResponse> {
    const { path, requestSerialize, responseDeserialize } = definition.announce;
    const running = { number: 0n, digest: this.exported.digest };
    const request = create(AnnounceRequestSchema, { device: this.device(modelDigest), running });
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) =>
        error === null && response !== undefined ? resolve(response) : reject(error),
      );
    });
  }

  /** @param images float32 [1, 28, 28] each, numbered from `first` */
  upload(images: readonly Float32Array[], first: number, shape = [1, 28, 28]): Promise<UploadResponse> {
    const { path, requestSerialize, responseDeserialize } = definition.upload;
    const samples = images.map((data, i) => ({
      ...encodeSample({ data, shape }),
      sequence: BigInt(first + i),
      entropy: 0.5,
    }));
    const request = create(UploadRequestSchema, { device: this.device(), session: this.session, samples });
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) =>
        error === null && response !== undefined ? resolve(response) : reject(error),
      );
    });
  }

  watch(from: VersionState): ClientReadableStream<WatchResponse> {
    const { path, requestSerialize, responseDeserialize } = definition.watch;
    const running = { number: BigInt(from.number), digest: from.digest };
    const request = create(WatchRequestSchema, { device: this.device(), running });
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  }

  /** Follows the cohort from a version until it holds at least number `until`. */
  async follow(from: VersionState, until: number): Promise<{ held: VersionState; kinds: string[] }> {
    const stream = this.watch(from);
    const kinds: string[] = [];
    let held = from;
    try {
      for await (const { version } of stream as AsyncIterable<WatchResponse>) {
        if (version === undefined) throw new Error('an empty answer');
        held = applyVersion(held, version);
        kinds.push(version.content.case ?? 'none');
        if (held.number >= until) break;
      }
    } finally {
      stream.on('error', () => undefined);
      stream.cancel();
    }
    return { held, kinds };
  }

  close(): void {
    this.#client.close();
  }
}
