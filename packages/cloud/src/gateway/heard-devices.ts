import { LRUCache } from 'lru-cache';
import type { GatewayLimits } from './gateway-limits.js';

/**
 * Which devices announced themselves since the start. Names cost nothing to invent: those heard of longest ago are
 * forgotten.
 */
export class HeardDevices {
  readonly #maxDevices: number;
  readonly #cohorts: LRUCache<string, LRUCache<string, true>>;

  constructor({ maxCohorts, maxDevicesPerCohort }: Pick<GatewayLimits, 'maxCohorts' | 'maxDevicesPerCohort'>) {
    this.#maxDevices = maxDevicesPerCohort;
    this.#cohorts = new LRUCache({ max: maxCohorts });
  }

  add(cohort: string, device: string): void {
    const devices = this.#cohorts.get(cohort) ?? new LRUCache({ maxSize: this.#maxDevices, sizeCalculation: () => 1 });
    devices.set(device, true);
    this.#cohorts.set(cohort, devices);
  }

  cohorts(): string[] {
    return [...this.#cohorts.keys()];
  }

  /** How many of a cohort are remembered. */
  count(cohort: string): number {
    return this.#cohorts.peek(cohort)?.size ?? 0;
  }
}
