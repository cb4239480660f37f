import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Outcome } from './outcome.js';
import { type CallOptions, type Method, PATH, type StreamHandlers, type Target, type Wire } from './wire.js';

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const asBytes = (buffer: Buffer): Uint8Array => new Uint8Array(buffer);

/** gRPC by grpc-js, on one connection. */
export class GrpcWire implements Wire {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor({ address, credentials, token }: Target) {
    this.#client = new Client(address, credentials, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
    });
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  unary(
    method: Method,
    request: Uint8Array,
    { deadlineMs, signal }: CallOptions & { readonly deadlineMs: number },
  ): Promise<Outcome<Uint8Array>> {
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, value?: Uint8Array): void => {
        if (error === null && value !== undefined) resolve({ ok: true, value });
        else resolve({ ok: false, status: error?.code ?? 0, details: error?.details ?? 'neither answer nor error' });
      };
      const deadline = Date.now() + deadlineMs;
      const path = `${PATH}${method}`;
      const call = this.#client.makeUnaryRequest(path, asBuffer, asBytes, request, this.#metadata, { deadline }, done);
      signal?.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }

  stream(method: Method, request: Uint8Array, { onMessage, onEnd }: StreamHandlers): () => void {
    const path = `${PATH}${method}`;
    const stream = this.#client.makeServerStreamRequest(path, asBuffer, asBytes, request, this.#metadata);
    stream.on('data', onMessage);
    stream.on('error', (error: ServiceError) => onEnd(error.code, error.details));
    stream.on('end', () => onEnd(0, 'the stream ended with success'));
    return () => stream.cancel();
  }

  close(): void {
    this.#client.close();
  }
}
