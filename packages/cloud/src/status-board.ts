import type { CohortStatus } from './events.js';
import type { Cohorts } from './store/cohorts.js';
import type { StepReport } from './trainer/messages.js';

/** What the cohorts have come to. Only what has changed since the last look is looked up: thousands of idle cohorts cost nothing. */
export class StatusBoard {
  readonly #cohorts: Cohorts;
  readonly #known = new Map<string, CohortStatus>();
  readonly #stale = new Set<string>();
  readonly #devices = new Map<string, Set<string>>();
  readonly #steps = new Map<string, StepReport>();
  readonly #unwatch: () => void;
  #named = false;

  constructor(cohorts: Cohorts) {
    this.#cohorts = cohorts;
    this.#unwatch = cohorts.watch((cohort) => this.#stale.add(cohort));
  }

  announced(cohort: string, device: string): void {
    this.#devices.set(cohort, (this.#devices.get(cohort) ?? new Set()).add(device));
    this.#stale.add(cohort);
  }

  stepped(report: StepReport): void {
    this.#steps.set(report.cohort, report);
    this.#stale.add(report.cohort);
  }

  /** One entry for each cohort. */
  async read(): Promise<CohortStatus[]> {
    if (!this.#named) for (const name of await this.#cohorts.names()) this.#stale.add(name);
    this.#named = true;
    for (const cohort of [...this.#stale]) {
      this.#stale.delete(cohort);
      this.#known.set(cohort, await this.#look(cohort));
    }
    return [...this.#known.values()];
  }

  close(): void {
    this.#unwatch();
  }

  async #look(cohort: string): Promise<CohortStatus> {
    try {
      const { received, trained, version } = await this.#cohorts.standing(cohort);
      return {
        ...{ cohort, version: version?.number ?? 0, received, trained },
        devices: this.#devices.get(cohort)?.size ?? 0,
        lastStep: this.#steps.get(cohort),
      };
    } catch (error) {
      this.#stale.add(cohort);
      throw error;
    }
  }
}
