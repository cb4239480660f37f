import { fromBinary, type WatchResponse, WatchResponseSchema } from '@renorm/protocol';
import { Violation } from '../case.js';
import type { Status } from './frames.js';
import type { Outcome } from './outcome.js';
import type { StreamHandlers } from './wire.js';

/** A stream of versions as the suite reads it: one message at a time. */
export class VersionStream {
  readonly #cancel: () => void;
  readonly #messages: WatchResponse[] = [];
  #end: Status | undefined;
  #wake: () => void = () => undefined;

  /** @param begin opens the stream, and gives back what cancels it */
  constructor(begin: (handlers: StreamHandlers) => () => void) {
    this.#cancel = begin({
      onMessage: (message) => {
        this.#messages.push(fromBinary(WatchResponseSchema, message));
        this.#wake();
      },
      onEnd: (status, details) => {
        this.#end ??= { status, details };
        this.#wake();
      },
    });
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
    this.#cancel();
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
