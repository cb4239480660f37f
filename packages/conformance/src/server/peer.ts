import {
  type AnnounceResponse,
  AnnounceResponseSchema,
  fromBinary,
  type UploadResponse,
  UploadResponseSchema,
} from '@renorm/protocol';
import { GrpcWire } from './grpc-wire.js';
import type { Outcome } from './outcome.js';
import { VersionStream } from './version-stream.js';
import { WebWire } from './web-wire.js';
import type { CallOptions, Method, Target, Wire } from './wire.js';

const DEADLINE_MS = 20_000;

/** A device, which sends any bytes. */
export class Peer {
  readonly #wire: Wire;
  readonly #streams: VersionStream[] = [];

  constructor(target: Target) {
    this.#wire = target.protocol === 'grpc-web' ? new WebWire(target) : new GrpcWire(target);
  }

  announce(request: Uint8Array, options?: CallOptions): Promise<Outcome<AnnounceResponse>> {
    return this.#unary('Announce', request, (bytes) => fromBinary(AnnounceResponseSchema, bytes), options);
  }

  upload(request: Uint8Array, options?: CallOptions): Promise<Outcome<UploadResponse>> {
    return this.#unary('Upload', request, (bytes) => fromBinary(UploadResponseSchema, bytes), options);
  }

  /** Watches until the stream is closed. */
  watch(request: Uint8Array): VersionStream {
    const stream = new VersionStream((handlers) => this.#wire.stream('Watch', request, handlers));
    this.#streams.push(stream);
    return stream;
  }

  /**
   * Calls any method; a watched stream counts as answered with its first message, or when nothing has come for
   * `quietMs`.
   */
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
    this.#wire.close();
  }

  async #unary<Response>(
    method: Method,
    request: Uint8Array,
    read: (bytes: Uint8Array) => Response,
    options: CallOptions = {},
  ): Promise<Outcome<Response>> {
    const outcome = await this.#wire.unary(method, request, { deadlineMs: DEADLINE_MS, ...options });
    return outcome.ok ? { ok: true, value: read(outcome.value) } : outcome;
  }
}
