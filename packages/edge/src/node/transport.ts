import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  experimental,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import {
  type AnnounceRequest,
  type AnnounceResponse,
  adaptationService,
  errorFromGrpc,
  RenormError,
  type UploadRequest,
  type UploadResponse,
  type WatchRequest,
} from '@renorm/protocol';
import { type GrpcMethod, grpcDefinition } from '@renorm/protocol/node';
import type { Transport, WatchHandlers } from '../core/platform.js';

/** Files in PEM, read again when they change. */
export interface DeviceTls {
  /** Certificates of the authority that signs the cloud's. */
  readonly authority: string;
  /** The device's own certificate and key, for a cloud that asks for one (mutual TLS). */
  readonly certificate?: string;
  readonly key?: string;
}

/** How a device shows who it is, and knows whom it talks to. */
export interface Credentials {
  /** Without it everything travels in the clear. */
  readonly tls?: DeviceTls;
  /** Travels with every call as `authorization: Bearer`. */
  readonly token?: string;
}

const TLS_REFRESH_MS = 1000;

/** How the transport behaves. */
export interface TransportOptions {
  /** How long a call may take, in milliseconds. Default 20,000. */
  readonly callTimeoutMs: number;
  /**
   * Between two pings on an idle connection, in milliseconds; without them a peer that lost its power is never noticed.
   * Default 20,000.
   */
  readonly keepaliveMs: number;
  /** Largest message that is taken, in bytes. Default 16 MiB. */
  readonly maxMessageBytes: number;
}

export const TRANSPORT_DEFAULTS: TransportOptions = {
  callTimeoutMs: 20_000,
  keepaliveMs: 20_000,
  maxMessageBytes: 16 * 2 ** 20,
};

/** What OpenSSL says of an answer to its greeting that is none of TLS. */
const SPEAKS_NO_TLS = /wrong version number|packet length too long|unknown protocol|http request/i;

/** What gRPC puts before every message: a flag and the length. */
const FRAME_PREFIX = 5;

/** The protocol over gRPC, with TLS where there are certificates. */
export class GrpcTransport implements Transport {
  readonly #client: Client;
  readonly #address: string;
  readonly #callTimeoutMs: number;
  readonly #metadata = new Metadata();
  readonly #methods = grpcDefinition(adaptationService);
  #bytesUp = 0;
  #bytesDown = 0;

  /** @param address host:port */
  constructor(address: string, options: TransportOptions = TRANSPORT_DEFAULTS, { tls, token }: Credentials = {}) {
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`);
    this.#address = address;
    this.#callTimeoutMs = options.callTimeoutMs;
    const channel: ChannelOptions = {
      'grpc.max_receive_message_length': options.maxMessageBytes,
      'grpc.keepalive_time_ms': options.keepaliveMs,
      'grpc.keepalive_timeout_ms': Math.min(options.keepaliveMs, 5000),
      // The link above decides when to try again; the channel must not make it wait longer.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    };
    this.#client = new Client(address, tls === undefined ? credentials.createInsecure() : tlsCredentials(tls), channel);
  }

  get counters(): { bytesUp: number; bytesDown: number } {
    return { bytesUp: this.#bytesUp, bytesDown: this.#bytesDown };
  }

  announce(request: AnnounceRequest): Promise<AnnounceResponse> {
    return this.#unary(this.#methods.announce, request);
  }

  upload(request: UploadRequest): Promise<UploadResponse> {
    return this.#unary(this.#methods.upload, request);
  }

  watch(request: WatchRequest, { onResponse, onEnd }: WatchHandlers): () => void {
    const method = this.#methods.watch;
    const { serialize, size } = measured(method.requestSerialize);
    const stream = this.#client.makeServerStreamRequest(
      method.path,
      serialize,
      this.#down(method),
      request,
      this.#metadata,
    );
    let ended = false;
    const end = (error: unknown): void => {
      if (!ended) onEnd(error);
      ended = true;
    };
    stream.on('metadata', () => {
      this.#bytesUp += size();
    });
    stream.on('data', onResponse);
    stream.on('error', (error) => end(this.#named(error)));
    stream.on('end', () =>
      end(new RenormError('CLOUD_UNREACHABLE', `${this.#address} ended the stream of versions; it is opened again.`)),
    );
    return () => {
      ended = true;
      stream.cancel();
    };
  }

  close(): void {
    this.#client.close();
  }

  #unary<Request, Response>(method: GrpcMethod<Request, Response>, request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { serialize, size } = measured(method.requestSerialize);
      const options = { deadline: Date.now() + this.#callTimeoutMs };
      const done = (error: ServiceError | null, response?: Response): void => {
        // A call that found nobody sent nothing.
        if (error?.code !== status.UNAVAILABLE) this.#bytesUp += size();
        if (error === null && response !== undefined) resolve(response);
        else reject(this.#named(error));
      };
      this.#client.makeUnaryRequest(method.path, serialize, this.#down(method), request, this.#metadata, options, done);
    });
  }

  #down<Request, Response>(method: GrpcMethod<Request, Response>): (bytes: Buffer) => Response {
    return (bytes) => {
      this.#bytesDown += bytes.length + FRAME_PREFIX;
      return method.responseDeserialize(bytes);
    };
  }

  #named(failure: unknown): RenormError {
    const error = errorFromGrpc(failure);
    const plain = SPEAKS_NO_TLS.test(error.text);
    if (plain) {
      const text = `${this.#address} speaks without TLS, and this device asks for it; start the cloud with a certificate (renorm cloud --tls-certificate), or see who answers at that address.`;
      return new RenormError('TLS_MISMATCH', text, { cause: failure });
    }
    // A cloud that shuts down cancels its calls: for the device it is away.
    if (error.code !== 'CLOUD_UNREACHABLE' && error.code !== 'CLOSED') return error;
    // grpc-js leaves an empty "Resolution note" behind the reason.
    const details = (failure as ServiceError).details.replace(/[. ]*(Resolution note:)?\s*$/, '');
    const text = `${this.#address} does not answer (${details}); see that renorm cloud runs there. The device goes on predicting and tries again.`;
    return new RenormError('CLOUD_UNREACHABLE', text, { cause: failure });
  }
}

function tlsCredentials({ authority, certificate, key }: DeviceTls): ChannelCredentials {
  const provider = new experimental.FileWatcherCertificateProvider({
    caCertificateFile: authority,
    ...(certificate !== undefined && key !== undefined && { certificateFile: certificate, privateKeyFile: key }),
    refreshIntervalMs: TLS_REFRESH_MS,
  });
  return experimental.createCertificateProviderChannelCredentials(
    provider,
    certificate === undefined ? null : provider,
  );
}

/** A serializer that remembers how large its message was on the wire. */
function measured<Request>(serialize: (request: Request) => Buffer): {
  serialize: (request: Request) => Buffer;
  size: () => number;
} {
  let size = 0;
  return {
    serialize(request) {
      const bytes = serialize(request);
      size = bytes.length + FRAME_PREFIX;
      return bytes;
    },
    size: () => size,
  };
}
