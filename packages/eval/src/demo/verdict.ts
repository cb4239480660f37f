import type { Outcomes } from './messages.js';
import { adaptedAccuracy, unadaptedAccuracy } from './record.js';

/** Whether adaptation helped, hurt, or made no difference that the number of images can show. */
export type Verdict = 'better' | 'worse' | 'unclear';

/** Two models on the same images. */
export interface Comparison {
  readonly images: number;
  readonly adapted: number;
  readonly unadapted: number;
  /** adapted - unadapted, as a share. */
  readonly gain: number;
  /** Of the gain: paired, so it counts only the images on which the two models disagree. */
  readonly standardError: number;
  readonly verdict: Verdict;
}

/** Gains within this many standard errors of zero are no difference. */
const CLEAR = 2;

/**
 * Compares the adapted with the unadapted model, image by image. With b images that only the adapted model got right
 * and c that only the unadapted one did, out of n: gain (b - c)/n, standard error sqrt(b + c - (b - c)^2/n)/n (McNemar,
 * Wald form).
 */
export function compare(outcomes: Outcomes): Comparison {
  const { count: n, onlyAdaptedRight: b, onlyUnadaptedRight: c } = outcomes;
  const gain = (b - c) / n;
  const standardError = Math.sqrt(b + c - (b - c) ** 2 / n) / n;
  const verdict = Math.abs(gain) <= CLEAR * standardError || b === c ? 'unclear' : gain > 0 ? 'better' : 'worse';
  return {
    images: n,
    adapted: adaptedAccuracy(outcomes),
    unadapted: unadaptedAccuracy(outcomes),
    gain,
    standardError,
    verdict,
  };
}
