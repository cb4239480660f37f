import type { Plan } from '../strategy/strategy.js';
import type { PublishingOptions } from './messages.js';

/** What has happened in a cohort since its last version. A few numbers, kept for every cohort that had a step. */
export interface Pace {
  /** Milliseconds, as `now`. */
  readonly publishedAt: number;
  /** Steps with new samples. */
  readonly steps: number;
  /** Samples learnt from. */
  readonly samples: number;
}

export const paceFrom = (now: number): Pace => ({ publishedAt: now, steps: 0, samples: 0 });

/** Whether this step's result becomes a version. */
export function publishes(
  plan: Pick<Plan<unknown>, 'kind' | 'last'>,
  pace: Pace,
  now: number,
  { everySteps, idleIntervalMs }: PublishingOptions,
): boolean {
  if (plan.kind === 'fresh') return pace.steps + 1 >= everySteps;
  return plan.last === true || now - pace.publishedAt >= idleIntervalMs;
}

/** The pace behind a step that published nothing. */
export function paceAfter(pace: Pace, { kind }: Pick<Plan<unknown>, 'kind'>, samples: number): Pace {
  return { ...pace, steps: pace.steps + (kind === 'fresh' ? 1 : 0), samples: pace.samples + samples };
}
