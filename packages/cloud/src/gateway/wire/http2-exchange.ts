import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Exchange } from './exchange.js';

/** A stream of HTTP/2. */
export class Http2Exchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly hasTrailers = true;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream;
    this.headers = headers;
    this.method = String(headers[':method']);
    this.path = String(headers[':path']);
    stream.on('error', () => undefined);
  }

  get request(): ServerHttp2Stream {
    return this.#stream;
  }

  get closed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  onClose(closed: () => void): void {
    if (this.closed) closed();
    else this.#stream.once('close', closed);
  }

  onDrain(drained: () => void): void {
    this.#stream.on('drain', drained);
  }

  respond(status: number, headers: OutgoingHttpHeaders, trailers?: () => OutgoingHttpHeaders): void {
    this.#stream.respond({ ':status': status, ...headers }, { waitForTrailers: trailers !== undefined });
    if (trailers !== undefined) this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(trailers()));
  }

  answer(status: number, headers: OutgoingHttpHeaders): void {
    this.#stream.respond({ ':status': status, ...headers }, { endStream: true });
  }

  write(bytes: Uint8Array): boolean {
    return this.#stream.write(bytes);
  }

  end(): void {
    this.#stream.end();
  }

  reset(): void {
    this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }
}
