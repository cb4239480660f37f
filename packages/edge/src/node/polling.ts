/**
 * Whether to look for an answer again and again instead of sleeping until it is announced.
 *
 * Waking a thread on another core costs 5 to 50 microseconds, twice a prediction: nothing beside a large model, a
 * quarter of the time of a model that takes 0.4 ms. So while small predictions follow each other without a pause, both
 * sides look for each other's work for a moment before they sleep. The event loop goes on turning meanwhile. At the
 * pace of a camera, with a large model, or where looking does not pay because the cores are busy, nobody polls.
 */
export class Polling {
  readonly #enabled: boolean;
  /** Milliseconds from question to answer: the fastest of late, and a moving mean. */
  #fastest = Number.POSITIVE_INFINITY;
  #mean = 0;
  #streak = 0;
  #lastAnswer = Number.NEGATIVE_INFINITY;

  /** @param enabled false where there is one core only: looking would keep it from whom one waits for */
  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  /**
   * A prediction starts. Until when to look for its answer, in milliseconds on the same clock; undefined: not at all.
   */
  started(now: number): number | undefined {
    const follows = now - this.#lastAnswer < POLL_MS;
    if (this.#streak < 0) this.#streak++;
    else this.#streak = follows ? this.#streak + 1 : 0;
    const patience = this.#mean * PATIENCE;
    const worthIt = this.#streak >= STREAK && patience < LONGEST_MS && this.#mean < this.#fastest * CROWDED;
    return this.#enabled && worthIt ? now + patience : undefined;
  }

  /** Its answer came. */
  answered(now: number, startedAt: number): void {
    const took = now - startedAt;
    this.#lastAnswer = now;
    this.#fastest = Math.min(this.#fastest * FORGET, took);
    this.#mean = this.#mean === 0 ? took : this.#mean + (took - this.#mean) / 8;
  }

  /** Its answer did not come in time. */
  missed(): void {
    this.#streak = -COOL_OFF;
  }
}

/**
 * How long a worker looks for the next prediction, and how soon one has to follow the last to count, in milliseconds.
 */
export const POLL_MS = 0.1;
/** Predictions in a row without a pause before anyone polls. */
const STREAK = 3;
/** How many times the mean an answer may take before one stops looking. */
const PATIENCE = 2;
/** The longest look that is worth it, in milliseconds. */
const LONGEST_MS = 2;
/** By how much the fastest of late rises with every prediction: doubles in about 1,400. */
const FORGET = 1.0005;
/** The mean is this many times the fastest where others compete for the cores: nobody polls there. */
const CROWDED = 2;
/** Predictions without polling after a miss. */
const COOL_OFF = 8;
