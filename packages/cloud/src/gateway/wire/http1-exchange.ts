import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Exchange } from './exchange.js';

/** A request of HTTP/1.1 and its response. */
export class Http1Exchange implements Exchange {
  readonly request: IncomingMessage;
  readonly hasTrailers = false;
  readonly #response: ServerResponse;
  readonly #onClose: (() => void)[] = [];
  /** Request and response each close for themselves: a response may be over while the request still comes. */
  #open = 2;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.#response = response;
    for (const half of [request, response]) {
      half.on('error', () => undefined);
      half.once('close', () => this.#closedHalf());
    }
  }

  get method(): string {
    return this.request.method ?? '';
  }

  get path(): string {
    return this.request.url ?? '';
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  get closed(): boolean {
    return this.#response.destroyed || this.#response.closed;
  }

  onClose(closed: () => void): void {
    if (this.#open === 0) closed();
    else this.#onClose.push(closed);
  }

  onDrain(drained: () => void): void {
    this.#response.on('drain', drained);
  }

  respond(status: number, headers: OutgoingHttpHeaders): void {
    this.#response.writeHead(status, headers);
    // A page is to know that its stream is open before there is anything on it.
    this.#response.flushHeaders();
  }

  answer(status: number, headers: OutgoingHttpHeaders): void {
    this.#response.writeHead(status, { 'content-length': 0, ...headers }).end();
  }

  write(bytes: Uint8Array): boolean {
    return this.#response.write(bytes);
  }

  end(): void {
    this.#response.end();
  }

  reset(): void {
    if (!this.request.complete) this.request.socket.destroy();
  }

  #closedHalf(): void {
    this.#open--;
    // With its response gone a request that has not ended goes nowhere.
    if (this.#open > 0 && this.request.socket.destroyed) this.#open = 0;
    if (this.#open === 0) for (const closed of this.#onClose.splice(0)) closed();
  }
}
