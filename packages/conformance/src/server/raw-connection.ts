import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type SessionOptions,
} from 'node:http2';
import type { Target } from './peer.js';

/** How a raw call ended. */
export interface RawEnd {
  /** undefined: the stream was reset, or the connection ended, before a status came. */
  readonly status: number | undefined;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** gRPC's five bytes before a message. */
export function framed(message: Uint8Array, length = message.length, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

const TIMEOUT_MS = 10_000;

const statusIn = (headers: IncomingHttpHeaders): number | undefined =>
  headers['grpc-status'] === undefined ? undefined : Number(headers['grpc-status']);

/** HTTP/2 without gRPC on top, to send frames that no gRPC library sends. */
export class RawConnection {
  readonly #session: ClientHttp2Session;
  readonly #token: string | undefined;

  private constructor(session: ClientHttp2Session, token: string | undefined) {
    this.#session = session;
    this.#token = token;
    // What goes wrong shows in the calls.
    session.on('error', () => undefined);
  }

  static async open(
    { address, token, tls }: Target,
    settings: SessionOptions['settings'] = {},
  ): Promise<RawConnection> {
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${address}`, { ...tls, settings });
    await new Promise<void>((resolve, reject) => {
      session.once('connect', () => resolve());
      session.once('error', reject);
    });
    return new RawConnection(session, token);
  }

  get session(): ClientHttp2Session {
    return this.#session;
  }

  /** Begins a call; the caller writes the body. */
  begin(method: string, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': `/renorm.v1.AdaptationService/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      ...headers,
    });
    stream.on('error', () => undefined);
    return stream;
  }

  /** Sends a body as it is and waits for the end, `timeoutMs` at most. */
  call(
    method: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    timeoutMs = 10_000,
  ): Promise<RawEnd> {
    const stream = this.begin(method, headers);
    const chunks: Buffer[] = [];
    let status: number | undefined;
    let contentType: string | undefined;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('response', (response) => {
      contentType = response['content-type'];
      if (response['grpc-status'] !== undefined) status = Number(response['grpc-status']);
    });
    stream.on('trailers', (trailers) => {
      if (trailers['grpc-status'] !== undefined) status = Number(trailers['grpc-status']);
    });
    return new Promise((resolve) => {
      const timer = setTimeout(() => stream.close(8), timeoutMs);
      stream.on('close', () => {
        clearTimeout(timer);
        resolve({ status, contentType, body: Buffer.concat(chunks) });
      });
      stream.end(body);
    });
  }

  /** Sends the beginning of a request and no end. @returns the status that comes all the same; undefined: none within 10 s */
  statusOfUnfinished(method: string, part: Uint8Array): Promise<number | undefined> {
    const stream = this.begin(method);
    return new Promise((resolve) => {
      const timer = setTimeout(() => stream.close(8), TIMEOUT_MS);
      stream.on('response', (response) => resolve(statusIn(response)));
      stream.on('trailers', (trailers) => resolve(statusIn(trailers)));
      stream.on('close', () => {
        clearTimeout(timer);
        resolve(undefined);
      });
      stream.resume();
      stream.write(part);
    });
  }

  close(): void {
    this.#session.destroy();
  }
}
