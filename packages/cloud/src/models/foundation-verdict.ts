import { bestOf, evidenceOf, type Predictions } from '../publication/evidence.js';

/** What the first samples of a cohort say of its foundation model, without labels. */
export interface FoundationVerdict {
  readonly isBetter: boolean;
  /** That were compared. */
  readonly samples: number;
  /** Share of them that both models put into the same class. */
  readonly agreement: number;
  /** Mean entropy of the predictions, as a share of ln C. */
  readonly edgeEntropy: number;
  readonly foundationEntropy: number;
  /** Why it is no better, and what to do. */
  readonly reason?: string;
}

/** What is known besides of the two models. */
export interface Circumstances {
  /** Share of the values that are no pixels by the edge model's preprocessing; see FoundationView. */
  readonly foreign: number;
  /** Whether both are one file. */
  readonly isSame: boolean;
}

/**
 * A foundation model is less sure by so much where something is wrong with it. Ours, with the statistics of 32 images,
 * is by 0.08 at most over the 15 corruptions at severity 5, and with another normalization by 0.15 to 0.25 in 11 of
 * them.
 */
const LESS_SURE = 0.1;
/**
 * It has collapsed where its mean prediction has less than this share of the entropy that the edge model's has: 0.92 at
 * least with ours.
 */
const LEAST_BALANCE = 0.5;
/** An edge model that guesses agrees with nobody. */
const GUESSES = 0.75;
/** More values than these are foreign only where the preprocessing is another. */
const FOREIGN = 0.01;

const LOOK =
  'look at its preprocessing and its classes (foundation: { preprocessing, classes }), or take a stronger one; the strategy statistics needs none';

/** @param edge of the same samples, row by row, as `foundation` */
export function foundationVerdict(
  edge: Predictions,
  foundation: Predictions,
  { foreign, isSame }: Circumstances,
): FoundationVerdict {
  const alike = new Float64Array(edge.length).fill(1);
  const [own, other] = [evidenceOf(edge, alike), evidenceOf(foundation, alike)];
  const agreement = edge.filter((row, i) => bestOf(row) === bestOf(foundation[i] as Float64Array)).length / edge.length;
  const chance = 1 / (edge[0]?.length ?? 1);
  const entropies = `(entropy ${percent(other.entropy)} of the largest, ${percent(own.entropy)} of the edge model)`;
  const reason = [
    isSame && `it is the edge model itself; give a stronger one (foundationModel), or none`,
    foreign > FOREIGN &&
      `${percent(foreign)} of the values that devices send are no pixels by the edge model's preprocessing, so that it sees something else; say how devices make them (preprocessing, --preprocessing)`,
    other.balance < LEAST_BALANCE * own.balance &&
      `it puts nearly all of ${edge.length} samples into a few classes; ${LOOK}`,
    agreement <= chance &&
      own.entropy < GUESSES &&
      `of ${edge.length} samples it puts ${percent(agreement)} into the class that the edge model does, no more than chance would: its classes may be in another order; ${LOOK}`,
    other.entropy > own.entropy + LESS_SURE && `it is less sure of ${edge.length} samples ${entropies}; ${LOOK}`,
  ].find((each) => each !== false);
  return {
    ...{ isBetter: reason === undefined, samples: edge.length, agreement },
    ...{ edgeEntropy: own.entropy, foundationEntropy: other.entropy },
    ...(reason !== undefined && { reason }),
  };
}

const percent = (share: number): string => `${Math.round(100 * share)}%`;
