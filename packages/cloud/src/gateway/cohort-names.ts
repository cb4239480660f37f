import { RenormError } from '@renorm/protocol';
import type { GatewayLimits } from './gateway-limits.js';

/** The cohorts that have samples or versions, and how many there may be. What is only announced is not kept. */
export class CohortNames {
  readonly #most: number;
  readonly #stored = new Set<string>();

  constructor({ maxCohorts }: Pick<GatewayLimits, 'maxCohorts'>) {
    this.#most = maxCohorts;
  }

  /** @throws RenormError TOO_MANY_COHORTS: it would be one more than there may be */
  admit(cohort: string): void {
    if (this.#stored.has(cohort) || this.#stored.size < this.#most) return;
    const text = `this cloud has ${this.#most} cohorts and takes no new one; give the device the name of one that there is, or raise the cloud's limit maxCohorts.`;
    throw new RenormError('TOO_MANY_COHORTS', text);
  }

  /** It has samples or versions, whoever put them there. */
  store(cohort: string): void {
    this.#stored.add(cohort);
  }
}
