import type { CohortStatus } from './events.js';
import type { GatewayLimits } from './gateway/gateway-limits.js';
import { HeardDevices } from './gateway/heard-devices.js';
import type { FoundationVerdict } from './models/foundation-verdict.js';
import type { Cohorts } from './store/cohorts.js';
import type { StepReport } from './trainer/messages.js';

const NO_STEP = { lastStep: undefined, foundation: undefined };

type KnownStatus = Omit<CohortStatus, 'paused' | 'setAside'>;

/**
 * What the cohorts have come to. Only what has changed since the last look is looked up: thousands of idle cohorts cost
 * nothing.
 */
export class StatusBoard {
  readonly #cohorts: Cohorts;
  readonly #known = new Map<string, Omit<KnownStatus, 'devices'>>();
  readonly #stale = new Set<string>();
  readonly #heard: HeardDevices;
  readonly #steps = new Map<string, StepReport>();
  readonly #foundations = new Map<string, FoundationVerdict>();
  readonly #unwatch: () => void;
  #named = false;

  constructor(cohorts: Cohorts, limits: GatewayLimits) {
    this.#heard = new HeardDevices(limits);
    this.#cohorts = cohorts;
    this.#unwatch = cohorts.watch((cohort) => this.#stale.add(cohort));
  }

  announced(cohort: string, device: string): void {
    this.#heard.add(cohort, device);
  }

  stepped(report: StepReport): void {
    this.#steps.set(report.cohort, report);
    if (report.foundation !== undefined) this.#foundations.set(report.cohort, report.foundation);
    this.#stale.add(report.cohort);
  }

  /** One entry for each cohort that has samples or versions, or was announced lately. */
  async read(): Promise<KnownStatus[]> {
    if (!this.#named) for (const name of await this.#cohorts.names()) this.#stale.add(name);
    this.#named = true;
    for (const cohort of [...this.#stale]) {
      this.#stale.delete(cohort);
      this.#known.set(cohort, await this.#look(cohort));
    }
    // What was only announced has nothing to be looked up, and is kept nowhere else.
    const announced = this.#heard.cohorts().filter((cohort) => !this.#known.has(cohort));
    const bare = announced.map((cohort) => ({ cohort, version: 0, received: 0, trained: 0, ...NO_STEP }));
    return [...this.#known.values(), ...bare].map((status) => ({
      ...status,
      devices: this.#heard.count(status.cohort),
    }));
  }

  close(): void {
    this.#unwatch();
  }

  async #look(cohort: string): Promise<Omit<KnownStatus, 'devices'>> {
    try {
      const { received, trained, version } = await this.#cohorts.standing(cohort);
      return {
        ...{ cohort, version: version?.number ?? 0, received, trained },
        ...{ lastStep: this.#steps.get(cohort), foundation: this.#foundations.get(cohort) },
      };
    } catch (error) {
      this.#stale.add(cohort);
      throw error;
    }
  }
}
