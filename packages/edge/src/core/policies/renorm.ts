import type { Decision, SelectionPolicy } from '../selection-policy.js';
import { amongMostUncertain, choose, initialMostUncertain, type MostUncertain } from './most-uncertain.js';
import { type RenormSelectionOptions, resolveRenormSelection } from './renorm-options.js';
import { detectShift, initialDetector, type ShiftDetector } from './shift-detector.js';
import { canSpend, earn, initialBudget, pace, spend, type UploadBudget } from './upload-budget.js';

/**
 * Why a sample is uploaded, `burst`, `random` and `uncertain`, or is not. Those of a burst and at random are a fair
 * sample of the stream.
 */
export type RenormReason = 'burst' | 'random' | 'uncertain' | 'saved' | 'not-finite';

/** What the selection remembers of a stream. */
export interface RenormSelectionState {
  readonly classes: number;
  /** Share of the uploads after a burst that is drawn at random. */
  readonly unbiased: number;
  readonly budget: UploadBudget;
  readonly detector: ShiftDetector;
  readonly uncertain: MostUncertain;
  /** Samples of the present burst that are still to come. */
  readonly burst: number;
  /** Predictions since one was last drawn at random. */
  readonly sinceDrawn: number;
}

/** A sample is drawn at random within so many times the mean gap, whatever is drawn. */
const LONGEST_GAP = 3;

/**
 * Spends one budget, a share of the stream, where it helps most. At the start and after a shift, a burst: everything
 * goes, so that the cloud knows the environment within seconds. Then half of the rest at random, which says without
 * bias what the environment looks like, and half what the edge model is least sure of, over all its classes. In calm a
 * little is saved for the next shift.
 *
 * Uploads never end: at least half the share is spent whatever the predictions are (see `pace`), half of that at
 * random, and no gap between two drawn samples is longer than three times the mean. The score is the entropy in nats.
 *
 * @throws RenormError REQUEST_INVALID, from `initial`
 */
export function renorm(given: Partial<RenormSelectionOptions> = {}): SelectionPolicy<RenormSelectionState> {
  return {
    name: 'renorm',
    initial(classes) {
      const { share, burst, unbiased } = resolveRenormSelection(given);
      return {
        ...{ classes, burst, unbiased, sinceDrawn: 0, budget: initialBudget(share, burst) },
        ...{ detector: initialDetector(), uncertain: initialMostUncertain() },
      };
    },
    decide(before, { entropy, probabilities, version, random }): Decision<RenormSelectionState> {
      // Logits that overflowed: nothing to learn, and one NaN would stay in the means for ever.
      if (!Number.isFinite(entropy)) return { state: before, reason: 'not-finite' };
      const { unbiased } = before;
      const budget = earn(before.budget);
      const { detector, shift } = detectShift(before.detector, { entropy, probabilities, version });
      const left = shift ? budget.burst : before.burst;
      const rate = pace(budget);
      const look = amongMostUncertain(before.uncertain, { entropy, probabilities }, (1 - unbiased) * rate);
      const state: RenormSelectionState = { ...before, budget, detector, burst: left, uncertain: look.state };
      const upload = (reason: RenormReason, changes: Partial<RenormSelectionState>) => {
        const after = { ...state, budget: spend(budget), ...changes };
        return { state: after, reason, upload: { score: entropy, fair: reason !== 'uncertain' } };
      };
      const isDrawn = draws(before.sinceDrawn + 1, unbiased * rate, random);
      const sinceDrawn = isDrawn ? 0 : before.sinceDrawn + 1;
      if (left > 0 && canSpend(budget)) return upload('burst', { burst: left - 1, sinceDrawn: 0 });
      if (isDrawn) return upload('random', { burst: 0, sinceDrawn });
      if (look.among)
        return upload('uncertain', { burst: 0, sinceDrawn, uncertain: choose(look.state, look.label, before.classes) });
      return { state: { ...state, burst: 0, sinceDrawn }, reason: 'saved' };
    },
  };
}

/**
 * Whether the prediction is drawn, of which a share is.
 *
 * @param gap predictions since the last that was, this one included
 */
const draws = (gap: number, share: number, random: number): boolean =>
  random < share || (share > 0 && gap >= LONGEST_GAP / share);
