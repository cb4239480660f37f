/** A token bucket in samples: every prediction brings a share of a sample, every upload takes one. */
export interface UploadBudget {
  /** Uploads for each prediction. */
  readonly share: number;
  /** Samples of a burst. */
  readonly burst: number;
  /** Below 0 while a burst is paid back. */
  readonly tokens: number;
}

/** A shift soon after a burst that is not paid back yet finds enough for a version or two. */
const RESERVE = 16;

/** How much of the income is spent after a burst, while saving for the next, and when enough is saved. */
const PAYING_BACK = 0.5;
const SAVING = 0.9;

export const initialBudget = (share: number, burst: number): UploadBudget => ({ share, burst, tokens: 0 });

/** A prediction brings its share. What does not fit into the bucket, a burst, is lost. */
export function earn(budget: UploadBudget): UploadBudget {
  return { ...budget, tokens: Math.min(budget.burst, budget.tokens + budget.share) };
}

export const spend = (budget: UploadBudget): UploadBudget => ({ ...budget, tokens: budget.tokens - 1 });

/** Whether an upload fits: a stream of n predictions never has more than share n + burst + reserve of them. */
export const canSpend = ({ tokens, burst }: UploadBudget): boolean => tokens - 1 >= -(burst + RESERVE);

/**
 * Uploads for each prediction outside of bursts. Half the share whatever happened before: no history of a stream ends
 * the uploads. With the defaults the burst at the start is paid back after 836 predictions: of any thousand from the
 * start no more than the share is uploaded.
 */
export function pace({ share, burst, tokens }: UploadBudget): number {
  if (tokens < 0) return PAYING_BACK * share;
  return tokens + share < burst ? SAVING * share : share;
}
