import { RenormError } from '@renorm/protocol';
import { LRUCache } from 'lru-cache';
import { CohortBudget, type Progress } from './budget.js';
import type { GatewayLimits } from './gateway-limits.js';

/** The upload budgets of all cohorts. */
export class Budgets {
  readonly #limits: GatewayLimits;
  readonly #budgets: LRUCache<string, CohortBudget>;

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
    this.#budgets = new LRUCache({ max: limits.maxCohorts });
  }

  /**
   * Share of the cohort's budget that is left to a device, 0 to 1; at 0 its next upload is refused, unless others were
   * trained on.
   */
  left(cohort: string, device: string, progress: Progress): number {
    const budget = this.#budgets.get(cohort) ?? new CohortBudget(this.#limits.maxUntrainedSamples);
    const now = performance.now();
    const { left } = budget.ask(device, progress, now);
    // Who only asks leaves nothing behind.
    if (budget.isIdle(now)) this.#budgets.delete(cohort);
    else this.#budgets.set(cohort, budget);
    return left;
  }

  /**
   * Stores an upload, where the budget allows it.
   *
   * @param store says how many samples were no duplicates
   * @throws RenormError BUDGET_EXHAUSTED, what `store` throws
   */
  async spend<Stored extends { readonly fresh: number }>(
    { cohort, device, samples }: { readonly cohort: string; readonly device: string; readonly samples: number },
    progress: Progress,
    store: () => Promise<Stored>,
  ): Promise<Stored> {
    const budget = this.#budgets.get(cohort) ?? new CohortBudget(this.#limits.maxUntrainedSamples);
    this.#budgets.set(cohort, budget);
    const verdict = budget.request(device, samples, progress, performance.now());
    if (!verdict.admitted) throw exhausted(cohort, device, verdict.comeBackMs, this.#limits.maxUntrainedSamples);
    let fresh = 0;
    try {
      const stored = await store();
      fresh = stored.fresh;
      return stored;
    } finally {
      budget.stored(device, samples, fresh);
    }
  }
}

function exhausted(cohort: string, device: string, comeBackMs: number, capacity: number): RenormError {
  const seconds = Math.ceil(comeBackMs / 1_000);
  const text = `device ${device} has its share of the ${capacity} samples of cohort ${cohort} that may wait for training; keep these and send them again in about ${seconds} s: room is kept for them.`;
  return new RenormError('BUDGET_EXHAUSTED', text, { comeBackMs });
}
