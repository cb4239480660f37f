import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type SessionOptions,
} from 'node:http2';
import { FrameReader } from './frames.js';
import { PATH, type Target } from './wire.js';

/** How a raw call ended. */
export interface RawEnd {
  /** undefined: the stream was reset, or the connection ended, before a status came. */
  readonly status: number | undefined;
  readonly httpStatus: number | undefined;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

const TIMEOUT_MS = 10_000;

const statusIn = (headers: IncomingHttpHeaders): number | undefined =>
  headers['grpc-status'] === undefined ? undefined : Number(headers['grpc-status']);

/** HTTP/2 without gRPC on top, to send frames that no gRPC library sends. */
export class RawConnection {
  readonly #session: ClientHttp2Session;
  readonly #target: Target;

  private constructor(session: ClientHttp2Session, target: Target) {
    this.#session = session;
    this.#target = target;
    // What goes wrong shows in the calls.
    session.on('error', () => undefined);
  }

  static async open(target: Target, settings: SessionOptions['settings'] = {}): Promise<RawConnection> {
    const { address, tls } = target;
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${address}`, { ...tls, settings });
    await new Promise<void>((resolve, reject) => {
      session.once('connect', () => resolve());
      session.once('error', reject);
    });
    return new RawConnection(session, target);
  }

  get session(): ClientHttp2Session {
    return this.#session;
  }

  /** Begins a call; the caller writes the body. */
  begin(method: string, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
    const { token } = this.#target;
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': `${PATH}${method}`,
      'content-type': this.#isWeb ? 'application/grpc-web+proto' : 'application/grpc',
      te: 'trailers',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
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
    let httpStatus: number | undefined;
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('response', (response) => {
      contentType = response['content-type'];
      httpStatus = response[':status'];
      if (response['grpc-status'] !== undefined) status = Number(response['grpc-status']);
    });
    stream.on('trailers', (trailers) => {
      if (trailers['grpc-status'] !== undefined) status = Number(trailers['grpc-status']);
    });
    return new Promise((resolve) => {
      const timer = setTimeout(() => stream.close(8), timeoutMs);
      stream.on('close', () => {
        clearTimeout(timer);
        const body = Buffer.concat(chunks);
        resolve({ status: status ?? this.#statusIn(body), httpStatus, contentType, body });
      });
      stream.end(body);
    });
  }

  /**
   * Sends the beginning of a request and no end.
   *
   * @returns the status that comes all the same; undefined: none within 10 s
   */
  statusOfUnfinished(method: string, part: Uint8Array): Promise<number | undefined> {
    const stream = this.begin(method);
    return new Promise((resolve) => {
      const timer = setTimeout(() => stream.close(8), TIMEOUT_MS);
      stream.on('response', (response) => this.#isWeb || resolve(statusIn(response)));
      stream.on('trailers', (trailers) => resolve(statusIn(trailers)));
      stream.on('close', () => {
        clearTimeout(timer);
        resolve(undefined);
      });
      stream.on('data', (chunk: Buffer) => {
        const status = this.#statusIn(chunk);
        if (status !== undefined) resolve(status);
      });
      stream.write(part);
    });
  }

  close(): void {
    this.#session.destroy();
  }

  get #isWeb(): boolean {
    return this.#target.protocol === 'grpc-web';
  }

  /** Of gRPC-Web, where it is part of the body. */
  #statusIn(body: Uint8Array): number | undefined {
    if (!this.#isWeb) return undefined;
    const frames = new FrameReader();
    frames.push(body);
    return frames.status?.status;
  }
}
