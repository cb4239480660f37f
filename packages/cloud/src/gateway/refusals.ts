import { RenormError } from '@renorm/protocol';

/** Of one code, so often at most is it said what was refused; all are counted. */
const SAID_EVERY_MS = 1_000;

/** Counts what was refused, by its code, and says it no more often than somebody can read. */
export class Refusals {
  readonly #say: (error: unknown) => void;
  readonly #counts = new Map<string, number>();
  readonly #saidAt = new Map<string, number>();

  /** @param say told of the first of a code, and of one per second after that; of every error without a code */
  constructor(say: (error: unknown) => void) {
    this.#say = say;
  }

  /** By code, since the start. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  add(error: unknown, now: number): void {
    const code = error instanceof RenormError ? error.code : 'CLOUD_FAILED';
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (error instanceof RenormError && now - (this.#saidAt.get(code) ?? -SAID_EVERY_MS) < SAID_EVERY_MS) return;
    this.#saidAt.set(code, now);
    this.#say(error);
  }
}
