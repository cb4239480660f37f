/** What a vector of logits says. */
export interface Distribution {
  /** Index of the largest logit; the first of equals. */
  readonly label: number;
  /** softmax(logits), one for each class, rounded to float32. */
  readonly probabilities: Float32Array;
  /** H = -sum p ln p in nats. */
  readonly entropy: number;
}

/**
 * Softmax and entropy of finite logits, computed in float64. One pass for the largest, one for the sums, one to divide.
 */
export function softmax(logits: Float32Array): Distribution {
  let label = 0;
  let largest = logits[0] as number;
  for (let i = 1; i < logits.length; i++) {
    if ((logits[i] as number) > largest) {
      largest = logits[i] as number;
      label = i;
    }
  }
  // With e_i = exp(z_i - max) and S = sum e_i: p_i = e_i / S and H = ln S - sum e_i (z_i - max) / S. Both terms are
  // non-negative, so that nothing cancels. The largest has e = 1 and is left out of S until the end, for log1p.
  const probabilities = new Float32Array(logits.length);
  let others = 0;
  let weighted = 0;
  for (let i = 0; i < logits.length; i++) {
    if (i === label) continue;
    const distance = (logits[i] as number) - largest;
    const e = Math.exp(distance);
    probabilities[i] = e;
    others += e;
    weighted += e * distance;
  }
  const sum = 1 + others;
  probabilities[label] = 1;
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = (probabilities[i] as number) / sum;
  return { label, probabilities, entropy: Math.log1p(others) - weighted / sum };
}

/** H = -sum p ln p in nats of probabilities; 0 ln 0 = 0. */
export function entropyOf(probabilities: ArrayLike<number>): number {
  let entropy = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i] as number;
    if (p !== 0) entropy -= p * Math.log(p);
  }
  return entropy;
}
