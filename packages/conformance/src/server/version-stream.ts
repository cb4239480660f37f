import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import type { WatchResponse } from '@renorm/protocol';
import { Violation } from '../case.js';
import type { Outcome } from './outcome.js';

/** A stream of versions as the suite reads it: one message at a time. */
export class VersionStream {
  readonly #stream: ClientReadableStream<WatchResponse>;
  readonly #messages: WatchResponse[] = [];
  #end: { readonly status: number; readonly details: string } | undefined;
  #wake: () => void = () => undefined;

  constructor(stream: ClientReadableStream<WatchResponse>) {
    this.#stream = stream;
    stream.on('data', (message: WatchResponse) => {
      this.#messages.push(message);
      this.#wake();
    });
    const ended = (status: number, details: string): void => {
      this.#end ??= { status, details };
      this.#wake();
    };
    stream.on('error', (error: ServiceError) => ended(error.code, error.details));
    stream.on('end', () => ended(0, 'the stream ended with success'));
  }

  /** The next message; undefined if none came in time. @throws Violation: the stream has ended */
  async next(timeoutMs: number): Promise<WatchResponse | undefined> {
    await this.#wait(timeoutMs);
    const message = this.#messages.shift();
    if (message === undefined && this.#end !== undefined)
      throw new Violation('a stream that stays open', `status ${this.#end.status} (${this.#end.details})`);
    return message;
  }

  /** The first thing that happens: a message or nothing is a success. */
  async first(timeoutMs: number): Promise<Outcome<WatchResponse | undefined>> {
    await this.#wait(timeoutMs);
    const message = this.#messages.shift();
    if (message !== undefined || this.#end === undefined) return { ok: true, value: message };
    return { ok: false, ...this.#end };
  }

  close(): void {
    this.#stream.cancel();
  }

  async #wait(timeoutMs: number): Promise<void> {
    if (this.#messages.length > 0 || this.#end !== undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
