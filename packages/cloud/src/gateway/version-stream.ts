import type { Reference, Version } from '@renorm/protocol';
import type { Call } from './wire/call.js';

/** What a stream is served with. */
export interface VersionSource {
  /** Leads from a version to the newest; undefined for who has it. */
  versionFor(running: Reference): Promise<Version | undefined>;
  /** Wraps a version for the way: signed, where there is a key. */
  encode(version: Version): Uint8Array;
  /** Ends the stream: what leads to the newest version cannot be read. */
  failed(error: unknown): void;
}

/**
 * One device's stream. A slow reader is never queued for: while its connection is full nothing is written, and when it
 * drains it gets what leads to the newest version by then.
 */
export class VersionStream {
  readonly #call: Call;
  readonly #source: VersionSource;
  #running: Reference;
  #full = false;
  #ended = false;
  /** A round of sending is under way; `again`: there was another reason for one. */
  #round: 'none' | 'running' | 'again' = 'none';

  constructor(call: Call, running: Reference, source: VersionSource) {
    this.#call = call;
    this.#running = running;
    this.#source = source;
    call.onDrain(() => {
      this.#full = false;
      this.send();
    });
  }

  /** Sends what the device lacks, as soon as it is read. */
  send(): void {
    if (this.#round !== 'none') {
      this.#round = 'again';
      return;
    }
    this.#sendAll().catch((error: unknown) => {
      if (!this.#isOver) this.#source.failed(error);
    });
  }

  /** Sends a version that the device may well hold: signed anew, it is good for longer. */
  renew(version: Version): void {
    const holds = this.#running.number === Number(version.number);
    if (holds && !this.#full && !this.#isOver) this.#full = !this.#call.write(this.#source.encode(version));
  }

  end(): void {
    this.#ended = true;
    this.#call.end();
  }

  get #isOver(): boolean {
    return this.#ended || this.#call.ended;
  }

  async #sendAll(): Promise<void> {
    try {
      do {
        this.#round = 'running';
        await this.#sendUntilNewest();
      } while ((this.#round as string) === 'again');
    } finally {
      this.#round = 'none';
    }
  }

  async #sendUntilNewest(): Promise<void> {
    while (!this.#full && !this.#isOver) {
      const version = await this.#source.versionFor(this.#running);
      // While it was read, the stream may have ended.
      if (version === undefined || this.#isOver) return;
      this.#full = !this.#call.write(this.#source.encode(version));
      this.#running = { number: Number(version.number), digest: version.digest };
    }
  }
}
