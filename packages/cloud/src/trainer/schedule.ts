import type { Work } from '../strategy/strategy.js';

/** Whose turn it is, or when to look again. */
export type Turn =
  | { readonly kind: 'step'; readonly cohort: string }
  /** Nobody's: until something is offered, or until this moment. */
  | { readonly kind: 'sleep'; readonly until: number | undefined };

/**
 * Decides which cohort has the next step. Knows no clock, no store and no strategy: what it is told decides what it
 * says.
 *
 * Cohorts with new samples go before those that would only replay, and among each it is first come, first served: a
 * cohort that had its turn and has more to do goes to the end of the line. So nobody waits for longer than one turn of
 * each cohort that was there before it, however much one of them has to do. A cohort with nothing to do stands in no
 * line and costs nothing.
 */
export class Schedule {
  /** In the order in which they came: sets keep it. */
  readonly #lines: Record<Exclude<Work, 'none'>, Set<string>> = { fresh: new Set(), idle: new Set() };
  readonly #asleep = new Map<string, number>();
  /** No later than the first of those that sleep. */
  #nextWake = Number.POSITIVE_INFINITY;

  /** Says what there is to do for a cohort. Who waits already for the same keeps the place. */
  offer(cohort: string, work: Work): void {
    if (work !== 'idle') this.#lines.idle.delete(cohort);
    if (work !== 'fresh') this.#lines.fresh.delete(cohort);
    if (work === 'none') return;
    this.#asleep.delete(cohort);
    this.#lines[work].add(cohort);
  }

  /** Puts a cohort aside: nothing is to be done before a moment, in the same milliseconds as `next` is told. */
  sleep(cohort: string, until: number): void {
    this.offer(cohort, 'none');
    this.#asleep.set(cohort, until);
    this.#nextWake = Math.min(this.#nextWake, until);
  }

  /** Takes the cohort that has waited longest out of its line. Offer it again after its step. */
  next(now: number): Turn {
    if (now >= this.#nextWake) this.#wake(now);
    for (const line of [this.#lines.fresh, this.#lines.idle]) {
      const [cohort] = line;
      if (cohort === undefined) continue;
      line.delete(cohort);
      return { kind: 'step', cohort };
    }
    return { kind: 'sleep', until: this.#asleep.size === 0 ? undefined : this.#nextWake };
  }

  #wake(now: number): void {
    this.#nextWake = Number.POSITIVE_INFINITY;
    for (const [cohort, until] of this.#asleep) {
      if (until <= now) this.offer(cohort, 'fresh');
      else this.#nextWake = Math.min(this.#nextWake, until);
    }
  }
}
