/** What a model says of held-out samples, without their labels. Everything is a weighted mean. */
export interface Evidence {
  /** Entropy of a prediction, as a share of ln C: 0 sure, 1 guessing. */
  readonly entropy: number;
  /** Entropy of the mean prediction, as a share of ln C: near 0 where nearly all samples are put into one class. */
  readonly balance: number;
}

/** Class probabilities of each sample. */
export type Predictions = readonly Float64Array[];

/** @param logits float32 [samples, classes], row-major */
export function predictions(logits: Float32Array, classes: number): Predictions {
  return Array.from({ length: logits.length / classes }, (_, i) => {
    const row = Float64Array.from(logits.subarray(i * classes, (i + 1) * classes));
    const largest = Math.max(...row);
    const exponents = row.map((value) => Math.exp(value - largest));
    const sum = exponents.reduce((total, value) => total + value, 0);
    return exponents.map((value) => value / sum);
  });
}

/** Entropy of a distribution as a share of ln C. */
export function normalizedEntropy(distribution: Float64Array): number {
  const entropy = distribution.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
  return entropy / Math.log(distribution.length);
}

export function evidenceOf(predicted: Predictions, weights: Float64Array): Evidence {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const marginal = new Float64Array(predicted[0]?.length ?? 0);
  let entropy = 0;
  for (const [i, row] of predicted.entries()) {
    const share = (weights[i] as number) / total;
    entropy += share * normalizedEntropy(row);
    for (const [c, p] of row.entries()) marginal[c] = (marginal[c] as number) + share * p;
  }
  return { entropy, balance: normalizedEntropy(marginal) };
}

/** Where one model is sure: below a tenth of the largest entropy. */
const SURE = 0.1;

/** How often a model puts samples into another class than the one that the source is sure of. */
export interface Broken {
  /** Weighted share of the samples that the source is sure of. */
  readonly share: number;
  /** Of how many samples. */
  readonly broken: number;
  readonly sure: number;
}

export function brokenBy(candidate: Predictions, source: Predictions, weights: Float64Array): Broken {
  let [sure, broken, total, against] = [0, 0, 0, 0];
  for (const [i, row] of source.entries()) {
    if (normalizedEntropy(row) >= SURE) continue;
    const weight = weights[i] as number;
    const apart = bestOf(row) !== bestOf(candidate[i] as Float64Array);
    sure += 1;
    total += weight;
    if (!apart) continue;
    broken += 1;
    against += weight;
  }
  return { share: total === 0 ? 0 : against / total, broken, sure };
}

export const bestOf = (row: Float64Array): number => row.indexOf(Math.max(...row));
