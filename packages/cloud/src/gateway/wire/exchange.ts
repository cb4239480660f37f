import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** One request and its answer, over HTTP/2 or HTTP/1.1. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body of the request. */
  readonly request: Readable;
  /** Whether an answer may end with trailers: HTTP/2 alone. */
  readonly hasTrailers: boolean;
  /** Nothing goes to the peer any more. */
  readonly closed: boolean;
  /** Called when nothing comes and goes any more, at once if so. */
  onClose(closed: () => void): void;
  /** Called whenever the peer has taken what filled its window. */
  onDrain(drained: () => void): void;
  /** Begins an answer with a body. @param trailers asked for when the body has ended */
  respond(status: number, headers: OutgoingHttpHeaders, trailers?: () => OutgoingHttpHeaders): void;
  /** Answers without a body. */
  answer(status: number, headers: OutgoingHttpHeaders): void;
  /** @returns false: the peer's window is full, wait for `onDrain` */
  write(bytes: Uint8Array): boolean;
  /** Ends the body of the answer. */
  end(): void;
  /** Takes no more of the request, if there still comes some. */
  reset(): void;
}
