/** What is remembered of the predictions to notice a change of environment. Never changed in place. */
export interface ShiftDetector {
  /** The latest predictions, the oldest first. */
  readonly recent: readonly Remembered[];
  /** Those before them, since the last shift; newer ones count more. */
  readonly reference: Reference;
  /** How far apart recent predictions and reference usually are, where nothing has changed. */
  readonly usual: Usual;
  /** Predictions until the next comparison. */
  readonly wait: number;
  /** Predictions since the last shift. */
  readonly age: number;
  /** What made the latest prediction. */
  readonly version: number;
}

interface Seen {
  readonly entropy: number;
  readonly probabilities: Float32Array;
  readonly version: number;
}

type Remembered = Omit<Seen, 'version'>;

interface Reference {
  /** Predictions that it is worth. */
  readonly count: number;
  /** Of the entropy, in nats. */
  readonly mean: number;
  readonly variance: number;
  /** Mean softmax output; empty before the first. */
  readonly marginal: Float64Array;
}

interface Usual {
  /** Means of the distances that were compared, and how many comparisons they are worth. */
  readonly entropy: number;
  readonly marginal: number;
  readonly count: number;
}

/**
 * Predictions that are compared with those before. 24: a second of a camera, and a shift of one deviation of the
 * entropy is five of its sampling error.
 */
const WINDOW = 24;
/** The reference says something from so many predictions on, and remembers about so many. */
const FEWEST = 32;
const MEMORY = 512;
/** Comparisons are so many predictions apart; each has its chance of a false alarm, and its cost. */
const EVERY = 4;

/** Entropy has risen: by so many sampling errors, or so many times what is usual in this stream. */
const RISEN = 5;
/** What is predicted has changed: total variation distance beyond what sampling makes of it, or what is usual. */
const CHANGED = 0.3;
const TIMES_USUAL = 1.8;
/** Comparisons that "usual" remembers. */
const USUAL_MEMORY = 32;

/**
 * The first versions in an environment change predictions as much as a shift does: for so many predictions, each begins
 * the comparison anew. Later ones change less, and in a large cohort come too often to begin anew with each.
 */
const SETTLING = 128;

const NOTHING: Reference = { count: 0, mean: 0, variance: 0, marginal: new Float64Array() };

export const initialDetector = (): ShiftDetector => ({
  ...{ recent: [], reference: NOTHING, wait: EVERY, age: 0, version: 0 },
  usual: { entropy: 0, marginal: 0, count: 0 },
});

/**
 * Notices a change of environment from predictions alone: the entropy of the latest is well above that of those before,
 * or other classes are predicted. New versions lower the entropy where they help, so that only a rise counts. Labels
 * that come in runs change what is predicted all the time: how far that goes in this stream is learnt, and only what
 * goes beyond it is a shift.
 *
 * After a shift what came before is forgotten.
 */
export function detectShift(
  before: ShiftDetector,
  { version, ...seen }: Seen,
): { readonly detector: ShiftDetector; readonly shift: boolean } {
  const isOther = version !== before.version && before.age < SETTLING;
  const detector = { ...before, version, age: before.age + 1, ...(isOther && { recent: [], reference: NOTHING }) };
  const [oldest, ...rest] = detector.recent;
  const recent = [...(oldest === undefined || rest.length + 1 < WINDOW ? detector.recent : rest), seen];
  const reference =
    oldest === undefined || detector.recent.length < WINDOW ? detector.reference : learn(detector.reference, oldest);
  const next: ShiftDetector = { ...detector, recent, reference, wait: detector.wait - 1 };
  if (next.wait > 0 || recent.length < WINDOW || reference.count < FEWEST) return { detector: next, shift: false };
  return compare({ ...next, wait: EVERY });
}

function compare(detector: ShiftDetector): { readonly detector: ShiftDetector; readonly shift: boolean } {
  const { usual } = detector;
  const entropy = entropyRise(detector);
  const marginal = marginalChange(detector);
  const shift =
    entropy > Math.max(RISEN, TIMES_USUAL * usual.entropy) ||
    marginal > Math.max(CHANGED, TIMES_USUAL * usual.marginal);
  const count = Math.min(usual.count + 1, USUAL_MEMORY);
  const moved = (before: number, now: number): number => before + (now - before) / count;
  const next: ShiftDetector = {
    ...detector,
    usual: {
      entropy: moved(usual.entropy, Math.max(0, entropy)),
      marginal: moved(usual.marginal, Math.max(0, marginal)),
      count,
    },
  };
  return { detector: shift ? { ...next, recent: [], reference: NOTHING, age: 0 } : next, shift };
}

/** How far the mean entropy is above the reference's, in sampling errors. */
function entropyRise({ recent, reference }: ShiftDetector): number {
  const mean = recent.reduce((sum, { entropy }) => sum + entropy, 0) / recent.length;
  const error = (reference.variance + SMALLEST_VARIANCE) * (1 / recent.length + 1 / reference.count);
  return (mean - reference.mean) / Math.sqrt(error);
}

/** In nats squared: a model that is always sure has entropies that mean nothing. */
const SMALLEST_VARIANCE = 0.01;

/**
 * Total variation distance between the mean predictions, less what sampling makes of it at most if each prediction is
 * one class.
 */
function marginalChange({ recent, reference }: ShiftDetector): number {
  const { marginal, count } = reference;
  let [distance, chance] = [0, 0];
  for (const [c, p] of marginal.entries()) {
    let q = 0;
    for (const { probabilities } of recent) q += (probabilities[c] as number) / recent.length;
    distance += Math.abs(q - p) / 2;
    // Mean absolute deviation of a normal distribution: 0.8 of its deviation.
    chance += 0.4 * Math.sqrt(p * (1 - p) * (1 / recent.length + 1 / count));
  }
  return distance - chance;
}

function learn(reference: Reference, { entropy, probabilities }: Remembered): Reference {
  const count = Math.min(reference.count + 1, MEMORY);
  const share = 1 / count;
  const apart = entropy - reference.mean;
  const { marginal } = reference;
  return {
    count,
    mean: reference.mean + share * apart,
    variance: (1 - share) * (reference.variance + share * apart * apart),
    marginal: Float64Array.from(probabilities, (p, c) => (marginal[c] ?? 0) + share * (p - (marginal[c] ?? 0))),
  };
}
