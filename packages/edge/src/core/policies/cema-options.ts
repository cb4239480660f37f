import { RenormError } from '@renorm/protocol';

/** The constants of the selection (CEMA, arXiv 2402.17316, section 3.1; redundancy as in EATA, arXiv 2204.02610). */
export interface SelectionOptions {
  /** E_max at the start, as a share of ln C: a sample at or above it is unreliable. Default 0.4. */
  readonly unreliableEntropy: number;
  /** Lambda, by which E_max is scaled once the warm-up has ended. Default 1.0; the paper reports 0.6 to 1.3. */
  readonly unreliableScale: number;
  /** Samples of the warm-up, after which E_max follows the mean entropy of the stream. Default 128. */
  readonly warmupSamples: number;
  /**
   * E_min as a share of ln C: a sample at or below it teaches nothing. Default 0.02; the paper reports 0.01 to 0.06.
   */
  readonly uninformativeEntropy: number;
  /**
   * Cosine similarity to the mean of what was kept at and above which a sample is redundant. Above 1: never.
   * Default 0.4 for up to 10 classes, where 0.05 would drop almost everything, else 0.05.
   */
  readonly redundancyMargin: number;
  /** Share of the old value when the mean of what was kept moves. Default 0.9. */
  readonly redundancyMomentum: number;
}

/** The defaults for a number of classes. */
export function selectionDefaults(classes: number): SelectionOptions {
  return {
    unreliableEntropy: 0.4,
    unreliableScale: 1.0,
    warmupSamples: 128,
    uninformativeEntropy: 0.02,
    redundancyMargin: classes <= 10 ? 0.4 : 0.05,
    redundancyMomentum: 0.9,
  };
}

/** Fills in the defaults. @throws RenormError REQUEST_INVALID for a value that has no meaning */
export function resolveSelectionOptions(classes: number, options: Partial<SelectionOptions> = {}): SelectionOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all = { ...selectionDefaults(classes), ...given };
  for (const [name, value] of Object.entries(all)) {
    if (typeof value !== 'number' || Number.isNaN(value)) throw invalid(name, value, 'a number');
  }
  if (!(Number.isInteger(all.warmupSamples) && all.warmupSamples >= 1))
    throw invalid('warmupSamples', all.warmupSamples, 'an integer from 1');
  if (!(all.redundancyMomentum >= 0 && all.redundancyMomentum < 1)) {
    throw invalid('redundancyMomentum', all.redundancyMomentum, 'a share from 0 to below 1');
  }
  if (!(all.unreliableScale > 0)) throw invalid('unreliableScale', all.unreliableScale, 'above 0');
  return all;
}

function invalid(name: string, value: unknown, expected: string): RenormError {
  return new RenormError(
    'REQUEST_INVALID',
    `the selection option ${name} is ${String(value)}; it has to be ${expected}.`,
  );
}
