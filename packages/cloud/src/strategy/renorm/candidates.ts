import type { ParameterSet } from '@renorm/protocol';
import { effectiveCount } from '../../models/robust.js';
import { bestOf, evidenceOf, normalizedEntropy, type Predictions } from '../../publication/evidence.js';
import type { RenormOptions } from './options.js';

/** What could become a version, from the shyest to the most eager. */
export interface Judged {
  readonly name: CandidateName;
  readonly parameters: ParameterSet;
  /** Of the samples that choose. */
  readonly predicted: Predictions;
}

export type CandidateName = 'source' | 'statistics' | 'half' | 'distilled';

/** A candidate whose mean prediction has less of the entropy of the teacher's than this collapses into few classes. */
const LEAST_BALANCE = 0.75;

/**
 * Chooses without labels: the share of the samples on which a candidate says another class than the teacher, each
 * counted by how sure the teacher is of it. The source is always the first of the candidates; one further from it has
 * to win by a margin, and to leave the source by more where few samples choose.
 *
 * @param teacher what the foundation model says of the same samples
 * @param weights of the samples; see sampleWeights
 */
export function chooseFrom(
  candidates: readonly [Judged, ...Judged[]],
  teacher: Predictions,
  weights: Float64Array,
  { margin, sourceMargin }: Pick<RenormOptions, 'margin' | 'sourceMargin'>,
): Judged {
  const least = LEAST_BALANCE * evidenceOf(teacher, weights).balance;
  let [chosen] = candidates;
  let best = disagreement(chosen.predicted, teacher, weights);
  const toLeave = Math.max(margin, sourceMargin / Math.sqrt(Math.max(1, effectiveCount(weights))));
  for (const candidate of candidates.slice(1)) {
    const risk = disagreement(candidate.predicted, teacher, weights);
    const needed = chosen === candidates[0] ? toLeave : margin;
    if (risk > best - needed || evidenceOf(candidate.predicted, weights).balance < least) continue;
    chosen = candidate;
    best = risk;
  }
  return chosen;
}

/** Probability of another class than the teacher's, weighted by how sure the teacher is. 0 to 1. */
export function disagreement(candidate: Predictions, teacher: Predictions, weights: Float64Array): number {
  let [against, total] = [0, 0];
  for (const [i, row] of teacher.entries()) {
    const weight = (weights[i] as number) * (1 - normalizedEntropy(row));
    total += weight;
    against += weight * (1 - ((candidate[i] as Float64Array)[bestOf(row)] as number));
  }
  return total === 0 ? 1 : against / total;
}
