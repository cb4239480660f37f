import type { SelectionPolicy } from '../selection-policy.js';
import { entropyOf } from '../softmax.js';
import { resolveSelectionOptions, type SelectionOptions } from './cema-options.js';

/** What the selection remembers of a stream. Never changed in place. */
export interface SelectionState {
  readonly classes: number;
  readonly options: SelectionOptions;
  /** Samples seen so far. */
  readonly count: number;
  /** Hbar(t): mean entropy of all samples seen so far, in nats. */
  readonly meanEntropy: number;
  /** Hbar(warm): that mean when the warm-up ended; undefined before. */
  readonly warmEntropy: number | undefined;
  /** Moving mean of the softmax vectors kept so far; undefined before the first. */
  readonly keptMean: Float64Array | undefined;
}

/** Why a sample is kept or dropped. */
export type SelectionReason = 'kept' | 'unreliable' | 'uninformative' | 'redundant';

/** What the selection decided about one sample. */
export interface Selection {
  readonly state: SelectionState;
  readonly keep: boolean;
  readonly reason: SelectionReason;
  /** H of the sample in nats. */
  readonly entropy: number;
}

/** The selection before the first sample of a stream. @throws RenormError REQUEST_INVALID */
export function initialSelection(classes: number, options?: Partial<SelectionOptions>): SelectionState {
  return {
    classes,
    options: resolveSelectionOptions(classes, options),
    count: 0,
    meanEntropy: 0,
    warmEntropy: undefined,
    keptMean: undefined,
  };
}

/**
 * Decides whether a sample is worth uploading. Pure: the new state comes back with the decision.
 *
 * @param probabilities softmax output, one for each class
 * @param entropy H of the sample in nats, if the caller has it already
 */
export function select(
  state: SelectionState,
  probabilities: ArrayLike<number>,
  entropy = entropyOf(probabilities),
): Selection {
  // Logits that overflowed: nothing to learn, and one NaN would stay in the mean for ever.
  if (!Number.isFinite(entropy)) return { state, keep: false, reason: 'unreliable', entropy };
  const seen = observeEntropy(state, entropy);
  const drop = (reason: SelectionReason): Selection => ({ state: seen, keep: false, reason, entropy });
  if (isUnreliable(seen, entropy)) return drop('unreliable');
  if (isUninformative(seen, entropy)) return drop('uninformative');
  if (isRedundant(seen, probabilities)) return drop('redundant');
  return { state: rememberKept(seen, probabilities), keep: true, reason: 'kept', entropy };
}

/** Counts a sample into Hbar, and ends the warm-up when it is the last of it. */
export function observeEntropy(state: SelectionState, entropy: number): SelectionState {
  const count = state.count + 1;
  const meanEntropy = state.meanEntropy + (entropy - state.meanEntropy) / count;
  const warmEntropy = count === state.options.warmupSamples ? meanEntropy : state.warmEntropy;
  return { ...state, count, meanEntropy, warmEntropy };
}

/**
 * E_max(t) in nats: 0.4 ln C until the warm-up has ended, then lambda * 0.4 ln C * Hbar(t) / Hbar(warm).
 *
 * The paper writes E_max(t) = lambda E_max(t-1) Hbar(t) / Hbar(t-1). Its quotients cancel to Hbar(t) / Hbar(warm), but
 * applied literally lambda would compound at every sample; it is applied once.
 */
export function unreliableThreshold({ classes, options, meanEntropy, warmEntropy }: SelectionState): number {
  const initial = options.unreliableEntropy * Math.log(classes);
  if (warmEntropy === undefined) return initial;
  // A stream without any entropy so far says nothing about how it moves.
  const drift = warmEntropy > 0 ? meanEntropy / warmEntropy : 1;
  return options.unreliableScale * initial * drift;
}

/** H(x) >= E_max: the prediction is too uncertain to learn from. */
export function isUnreliable(state: SelectionState, entropy: number): boolean {
  return entropy >= unreliableThreshold(state);
}

/** H(x) <= E_min = 0.02 ln C: the model is sure already. */
export function isUninformative({ classes, options }: SelectionState, entropy: number): boolean {
  return entropy <= options.uninformativeEntropy * Math.log(classes);
}

/** Cosine similarity to the mean of the softmax vectors kept so far >= margin. The first sample never is. */
export function isRedundant({ keptMean, options }: SelectionState, probabilities: ArrayLike<number>): boolean {
  return keptMean !== undefined && cosineSimilarity(keptMean, probabilities) >= options.redundancyMargin;
}

/** Moves the mean of the kept softmax vectors: 0.9 of the old, 0.1 of the new; the first vector is the first mean. */
export function rememberKept(state: SelectionState, probabilities: ArrayLike<number>): SelectionState {
  const { keptMean: mean, options } = state;
  const momentum = options.redundancyMomentum;
  const keptMean = Float64Array.from({ length: probabilities.length }, (_, i) => {
    const p = probabilities[i] as number;
    return mean === undefined ? p : momentum * (mean[i] as number) + (1 - momentum) * p;
  });
  return { ...state, keptMean };
}

function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return dot / Math.sqrt(squaresA * squaresB);
}

/**
 * Uploads what is uncertain enough to teach and certain enough to be learnt from, and unlike what was uploaded before
 * (CEMA, arXiv 2402.17316, section 3.1). The score is the entropy in nats.
 *
 * @throws RenormError REQUEST_INVALID, from `initial`
 */
export function cema(options: Partial<SelectionOptions> = {}): SelectionPolicy<SelectionState> {
  return {
    name: 'cema',
    initial: (classes) => initialSelection(classes, options),
    decide(state, { probabilities, entropy }) {
      const { state: next, keep, reason } = select(state, probabilities, entropy);
      return { state: next, reason, ...(keep && { upload: { score: entropy } }) };
    },
  };
}
