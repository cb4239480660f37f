/** How far a cohort is, in samples. */
export interface Progress {
  readonly received: number;
  readonly trained: number;
}

/** Whether a device may upload now. */
export type Verdict =
  | { readonly admitted: true /** Share of the budget that is left to this device, above 0. */; readonly left: number }
  | { readonly admitted: false; readonly left: 0 /** When to come again. */; readonly comeBackMs: number };

/** A device that was refused, and the room that is kept for it. */
interface Claim {
  readonly since: number;
  readonly samples: number;
  readonly until: number;
}

/** A device asks every 30 s (docs/protocol.md, U-15): room is kept for three times that. */
const CLAIM_MS = 90_000;
const MAX_CLAIMS = 1_024;
const COME_BACK_MS = { least: 1_000, most: 30_000 };
/** Weight of the newest measurement in how fast samples are trained on. */
const PACE_WEIGHT = 0.3;

/**
 * A cohort's upload budget, shared among its devices. It has no clock: every call says what time it is.
 *
 * **Share.** A device may upload while it has fewer samples waiting than are free (Choudhury and Hahne, "Dynamic Queue
 * Length Thresholds for Shared-Memory Packet Switches", IEEE/ACM Transactions on Networking 6 (2), 1998, with alpha =
 * 1). Of k devices that send all they can each comes to 1 / (k + 1) of the budget, and as much stays free for the next
 * one: max-min fair without knowing who will come.
 *
 * **Turn.** A device that is refused has room kept for its next attempt, which counts as used for whoever has more
 * samples waiting, or as many and came later: it is served by who has least, then by who has waited longest, not by who
 * tries most often.
 */
export class CohortBudget {
  readonly #capacity: number;
  /** Samples that wait for training, oldest first, as far as it is known whose they are. */
  readonly #waiting: { readonly device: string; samples: number }[] = [];
  #known = 0;
  /** Samples that wait or are being stored, by device. */
  readonly #byDevice = new Map<string, number>();
  readonly #claims = new Map<string, Claim>();
  /** Admitted and not yet stored. */
  #storing = 0;
  #progress: Progress = { received: 0, trained: 0 };
  /** Samples trained on in a millisecond; 0: not known. */
  #pace = 0;
  #trainedAt: number | undefined;

  /** @param capacity samples of the cohort that may wait for training */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Nothing waits, and nobody: it may be forgotten. */
  isIdle(now: number): boolean {
    this.#expire(now);
    return this.#storing === 0 && this.#claims.size === 0 && this.#progress.received === this.#progress.trained;
  }

  /**
   * A device asks what is left to it. At 0 room is kept for it.
   *
   * @param progress of the cohort, now
   */
  ask(device: string, progress: Progress, now: number): Verdict {
    return this.#judge(device, 1, progress, now);
  }

  /** A device uploads: where it is admitted, `stored` or `failed` has to follow. */
  request(device: string, samples: number, progress: Progress, now: number): Verdict {
    const verdict = this.#judge(device, samples, progress, now);
    if (verdict.admitted) {
      this.#claims.delete(device);
      this.#storing += samples;
      this.#count(device, samples);
    }
    return verdict;
  }

  /** An admitted upload was stored; `fresh` of its samples were no duplicates. */
  stored(device: string, samples: number, fresh: number): void {
    this.#storing -= samples;
    this.#count(device, fresh - samples);
    if (fresh === 0) return;
    this.#waiting.push({ device, samples: fresh });
    this.#known += fresh;
  }

  /** An admitted upload came to nothing. */
  failed(device: string, samples: number): void {
    this.stored(device, samples, 0);
  }

  #judge(device: string, samples: number, progress: Progress, now: number): Verdict {
    this.#follow(progress, now);
    this.#expire(now);
    const own = this.#byDevice.get(device) ?? 0;
    const since = this.#claims.get(device)?.since ?? now;
    const free =
      this.#capacity - Math.max(this.#backlog, this.#known) - this.#storing - this.#ahead(device, own, since);
    if (own < free) return { admitted: true, left: Math.min(1, (free - own) / this.#capacity) };
    if (this.#claims.has(device) || this.#claims.size < MAX_CLAIMS) {
      const kept = Math.max(samples, this.#claims.get(device)?.samples ?? 0);
      this.#claims.set(device, { since, samples: kept, until: now + CLAIM_MS });
    }
    return { admitted: false, left: 0, comeBackMs: this.#comeBack(own - free + 1) };
  }

  /** Samples received and not trained on. */
  get #backlog(): number {
    return this.#progress.received - this.#progress.trained;
  }

  /** Room kept for those who come before this device. */
  #ahead(device: string, own: number, since: number): number {
    let room = 0;
    for (const [other, claim] of this.#claims) {
      if (other === device) continue;
      const theirs = this.#byDevice.get(other) ?? 0;
      if (theirs < own || (theirs === own && claim.since < since)) room += claim.samples;
    }
    return room;
  }

  /** What was trained on since then was the oldest. */
  #follow(progress: Progress, now: number): void {
    const trained = progress.trained - this.#progress.trained;
    if (trained > 0) {
      const elapsed = now - (this.#trainedAt ?? now);
      if (elapsed > 0) this.#pace += PACE_WEIGHT * (trained / elapsed - this.#pace);
      this.#trainedAt = now;
    }
    this.#progress = progress;
    // Those that nobody is known for came before the start: they are the oldest.
    while (this.#known > this.#backlog) {
      const [oldest] = this.#waiting;
      if (oldest === undefined) return;
      const gone = Math.min(oldest.samples, this.#known - this.#backlog);
      oldest.samples -= gone;
      this.#known -= gone;
      this.#count(oldest.device, -gone);
      if (oldest.samples === 0) this.#waiting.shift();
    }
  }

  #comeBack(samples: number): number {
    const { least, most } = COME_BACK_MS;
    return this.#pace === 0 ? most : Math.round(Math.min(most, Math.max(least, samples / this.#pace)));
  }

  #expire(now: number): void {
    for (const [device, { until }] of this.#claims) if (until <= now) this.#claims.delete(device);
  }

  #count(device: string, more: number): void {
    const sum = (this.#byDevice.get(device) ?? 0) + more;
    if (sum === 0) this.#byDevice.delete(device);
    else this.#byDevice.set(device, sum);
  }
}
