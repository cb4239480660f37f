import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Reference, Version, WatchRequest, WatchResponse } from '@renorm/protocol';

type WatchCall = ServerWritableStream<WatchRequest, WatchResponse>;

/**
 * One device's stream. A slow reader is never queued for: while its connection is full nothing is written, and when it drains it gets
 * what leads to the newest version by then.
 */
export class Watcher {
  readonly #call: WatchCall;
  readonly #versionFor: (running: Reference) => Version | undefined;
  readonly #respond: (version: Version) => WatchResponse;
  #running: Reference;
  #full = false;

  /**
   * @param versionFor leads from a version to the newest
   * @param respond wraps a version for the way: signed, where there is a key
   */
  constructor(
    call: WatchCall,
    running: Reference,
    versionFor: (running: Reference) => Version | undefined,
    respond: (version: Version) => WatchResponse,
  ) {
    this.#respond = respond;
    this.#call = call;
    this.#running = running;
    this.#versionFor = versionFor;
    call.on('drain', () => {
      this.#full = false;
      this.send();
    });
  }

  /** Sends what the device lacks. */
  send(): void {
    while (!this.#full && !this.#call.cancelled) {
      const version = this.#versionFor(this.#running);
      if (version === undefined) return;
      this.#full = !this.#call.write(this.#respond(version));
      this.#running = { number: Number(version.number), digest: version.digest };
    }
  }

  /** Sends a version that the device may well hold: signed anew, it is good for longer. */
  renew(version: Version): void {
    const holds = this.#running.number === Number(version.number);
    if (holds && !this.#full && !this.#call.cancelled) this.#full = !this.#call.write(this.#respond(version));
  }

  end(): void {
    this.#call.end();
  }
}
