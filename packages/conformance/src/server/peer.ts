import { type ChannelCredentials, Client, type ClientReadableStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  type AnnounceResponse,
  AnnounceResponseSchema,
  fromBinary,
  type UploadResponse,
  UploadResponseSchema,
  type WatchResponse,
  WatchResponseSchema,
} from '@renorm/protocol';
import type { Outcome } from './outcome.js';
import { VersionStream } from './version-stream.js';

/** The cloud under test, and how to get in. */
export interface Target {
  /** host:port */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly token?: string;
  /** What `credentials` are made of, for connections without gRPC; undefined: no TLS. */
  readonly tls?: TlsBytes;
}

/** PEM. */
export interface TlsBytes {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export type Method = 'Announce' | 'Upload' | 'Watch';
export const METHODS: readonly Method[] = ['Announce', 'Upload', 'Watch'];

/** How to make a call. */
export interface CallOptions {
  readonly deadlineMs?: number;
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}

const DEADLINE_MS = 20_000;
const PATH = '/renorm.v1.AdaptationService/';
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer);

/** One connection of a device, which sends any bytes. */
export class Peer {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  readonly #streams: VersionStream[] = [];

  constructor({ address, credentials, token }: Target) {
    this.#client = new Client(address, credentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
    });
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  announce(request: Uint8Array, options?: CallOptions): Promise<Outcome<AnnounceResponse>> {
    return this.#unary('Announce', request, (bytes) => fromBinary(AnnounceResponseSchema, bytes), options);
  }

  upload(request: Uint8Array, options?: CallOptions): Promise<Outcome<UploadResponse>> {
    return this.#unary('Upload', request, (bytes) => fromBinary(UploadResponseSchema, bytes), options);
  }

  /** Watches until the stream is closed. */
  watch(request: Uint8Array): VersionStream {
    const stream = new VersionStream(this.#stream(request));
    this.#streams.push(stream);
    return stream;
  }

  /** Calls any method; a watched stream counts as answered with its first message, or when nothing has come for `quietMs`. */
  async call(method: Method, request: Uint8Array, quietMs = 300): Promise<Outcome<unknown>> {
    if (method === 'Announce') return this.announce(request);
    if (method === 'Upload') return this.upload(request);
    const stream = this.watch(request);
    const first = await stream.first(quietMs);
    stream.close();
    return first;
  }

  close(): void {
    // A client that is closed still waits for its streams.
    for (const stream of this.#streams) stream.close();
    this.#client.close();
  }

  #stream(request: Uint8Array): ClientReadableStream<WatchResponse> {
    const read = (bytes: Buffer): WatchResponse => fromBinary(WatchResponseSchema, asBytes(bytes));
    return this.#client.makeServerStreamRequest(`${PATH}Watch`, asBuffer, read, request, this.#metadata);
  }

  #unary<Response>(
    method: Method,
    request: Uint8Array,
    read: (bytes: Uint8Array) => Response,
    { deadlineMs = DEADLINE_MS, signal }: CallOptions = {},
  ): Promise<Outcome<Response>> {
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, value?: Response): void => {
        if (error === null && value !== undefined) resolve({ ok: true, value });
        else resolve({ ok: false, status: error?.code ?? 0, details: error?.details ?? 'neither answer nor error' });
      };
      const call = this.#client.makeUnaryRequest(
        `${PATH}${method}`,
        asBuffer,
        (bytes: Buffer) => read(asBytes(bytes)),
        request,
        this.#metadata,
        { deadline: Date.now() + deadlineMs },
        done,
      );
      signal?.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }
}
