import {
  type AnnounceRequest,
  AnnounceRequestSchema,
  type AnnounceResponse,
  AnnounceResponseSchema,
  errorFromGrpc,
  fromBinary,
  GrpcStatus,
  RenormError,
  reasonOf,
  toBinary,
  type UploadRequest,
  UploadRequestSchema,
  type UploadResponse,
  UploadResponseSchema,
  type WatchRequest,
  WatchRequestSchema,
  WatchResponseSchema,
} from '@renorm/protocol';
import type { Transport, WatchHandlers, WireCounters } from '../core/platform.js';
import { CallFailure, callGrpcWeb } from './grpc-web-call.js';

/** How the transport behaves. */
export interface TransportOptions {
  /** How long a call may take, in milliseconds. Default 20,000. */
  readonly callTimeoutMs: number;
  /**
   * A stream on which nothing came for so long, in milliseconds, is opened anew: a browser never notices that its peer
   * is gone. Default 300,000.
   */
  readonly quietMs: number;
  /** Largest message that is taken, in bytes. Default 16 MiB. */
  readonly maxMessageBytes: number;
}

export const TRANSPORT_DEFAULTS: TransportOptions = {
  callTimeoutMs: 20_000,
  quietMs: 300_000,
  maxMessageBytes: 16 * 2 ** 20,
};

const PATH = '/renorm.v1.AdaptationService/';

/** The protocol over gRPC-Web. */
export class WebTransport implements Transport {
  readonly #origin: string;
  readonly #options: TransportOptions;
  readonly #token: string | undefined;
  readonly #counted = { up: 0, down: 0 };
  /** Ends what is in flight. */
  readonly #closing = new AbortController();

  /** @param origin scheme, host and port of the cloud */
  constructor(origin: string, options: TransportOptions = TRANSPORT_DEFAULTS, token?: string) {
    this.#origin = origin;
    this.#options = options;
    this.#token = token;
  }

  get counters(): WireCounters {
    return { bytesUp: this.#counted.up, bytesDown: this.#counted.down };
  }

  announce(request: AnnounceRequest): Promise<AnnounceResponse> {
    const message = toBinary(AnnounceRequestSchema, request);
    return this.#unary('Announce', message, (bytes) => fromBinary(AnnounceResponseSchema, bytes));
  }

  upload(request: UploadRequest): Promise<UploadResponse> {
    const message = toBinary(UploadRequestSchema, request);
    return this.#unary('Upload', message, (bytes) => fromBinary(UploadResponseSchema, bytes));
  }

  watch(request: WatchRequest, { onResponse, onEnd }: WatchHandlers): () => void {
    const cancelled = new AbortController();
    const quiet = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), this.#options.quietMs);
    };
    const read = async (): Promise<void> => {
      const signal = AbortSignal.any([cancelled.signal, quiet.signal]);
      heard();
      try {
        for await (const bytes of this.#call('Watch', toBinary(WatchRequestSchema, request), signal)) {
          heard();
          if (!cancelled.signal.aborted) onResponse(fromBinary(WatchResponseSchema, bytes));
        }
        throw this.#away('it ended the stream of versions');
      } catch (error) {
        if (cancelled.signal.aborted) return;
        onEnd(quiet.signal.aborted ? this.#away(`nothing came for ${this.#options.quietMs} ms`) : this.#named(error));
      } finally {
        clearTimeout(timer);
      }
    };
    void read();
    return () => cancelled.abort();
  }

  close(): void {
    this.#closing.abort();
  }

  async #unary<Response>(
    method: string,
    message: Uint8Array,
    decode: (bytes: Uint8Array) => Response,
  ): Promise<Response> {
    try {
      let answer: Response | undefined;
      for await (const bytes of this.#call(method, message, AbortSignal.timeout(this.#options.callTimeoutMs)))
        answer = decode(bytes);
      if (answer === undefined) throw new CallFailure(GrpcStatus.Internal, 'success without an answer');
      return answer;
    } catch (error) {
      throw this.#named(error);
    }
  }

  #call(method: string, message: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return callGrpcWeb(`${this.#origin}${PATH}${method}`, message, {
      ...{ token: this.#token, counted: this.#counted, maxMessageBytes: this.#options.maxMessageBytes },
      signal: AbortSignal.any([signal, this.#closing.signal]),
    });
  }

  #named(failure: unknown): RenormError {
    if (failure instanceof RenormError) return failure;
    if (failure instanceof CallFailure) {
      const error = errorFromGrpc(failure);
      if (error.code !== 'CLOUD_UNREACHABLE' && error.code !== 'CLOSED') return error;
      return this.#away(failure.details, failure);
    }
    const { name } = failure as Error;
    if (name === 'TimeoutError') return this.#away(`no answer within ${this.#options.callTimeoutMs} ms`, failure);
    // A browser does not tell a page why a call did not go through: nobody there, a certificate, an origin that is not
    // allowed.
    if (failure instanceof TypeError || name === 'AbortError') return this.#away(reasonOf(failure), failure);
    const code = /larger than/.test(reasonOf(failure)) ? 'MESSAGE_TOO_LARGE' : 'RESPONSE_INVALID';
    return new RenormError(code, `${this.#origin} sent what cannot be taken (${reasonOf(failure)}).`, {
      cause: failure,
    });
  }

  #away(why: string, cause?: unknown): RenormError {
    const text = `${this.#origin} does not answer (${why}); see that renorm cloud runs there with --web-origins ${location.origin}. The device goes on predicting and tries again.`;
    return new RenormError('CLOUD_UNREACHABLE', text, { cause });
  }
}
