import { RenormError } from '@renorm/protocol';
import type { Clock } from './platform.js';

/** Timers of platforms hold 31 bits of milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** Notices when what a device holds has expired and nobody has said anything newer: the sign of an attacker who holds versions back. */
export class Freshness {
  readonly #clock: Clock;
  readonly #onStale: (error: RenormError) => void;
  #expiresAtMs = 0;
  #cancel: (() => void) | undefined;

  /** @param onStale told once for each time that everything has expired */
  constructor(clock: Clock, onStale: (error: RenormError) => void) {
    this.#clock = clock;
    this.#onStale = onStale;
  }

  /** A signed version was taken. @param expiresAtMs milliseconds since the Unix epoch */
  heard(expiresAtMs: number): void {
    if (expiresAtMs <= this.#expiresAtMs) return;
    this.#expiresAtMs = expiresAtMs;
    this.#wait();
  }

  close(): void {
    this.#cancel?.();
  }

  #wait(): void {
    this.#cancel?.();
    const left = this.#expiresAtMs - this.#clock.now();
    if (left > 0) this.#cancel = this.#clock.after(Math.min(left, LONGEST_MS), () => this.#wait());
    else this.#onStale(staleError(this.#expiresAtMs));
  }
}

function staleError(expiresAtMs: number): RenormError {
  const since = new Date(expiresAtMs).toISOString();
  return new RenormError(
    'VERSION_EXPIRED',
    `what this device holds was good until ${since}, and no cloud has signed anything since; the version goes on predicting. See whether the cloud runs, and whether somebody holds its versions back.`,
  );
}
