/**
 * Mean symmetric Kullback-Leibler divergence between two classifiers' predictions, in nats:
 * sum over the classes of (p - q)(ln p - ln q) (Jeffreys 1946; Kullback and Leibler 1951, eq. 2.6).
 *
 * @param a,b logits, [samples, classes]
 */
export function symmetricDivergence(a: Float32Array, b: Float32Array, classes: number): number {
  const [p, q] = [logProbabilities(a, classes), logProbabilities(b, classes)];
  let sum = 0;
  for (const [i, logP] of p.entries()) {
    const logQ = q[i] as number;
    sum += (Math.exp(logP) - Math.exp(logQ)) * (logP - logQ);
  }
  return sum / (a.length / classes);
}

function logProbabilities(logits: Float32Array, classes: number): Float64Array {
  const result = Float64Array.from(logits);
  for (let row = 0; row < result.length; row += classes) {
    const part = result.subarray(row, row + classes);
    const largest = part.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const normalizer = largest + Math.log(part.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    for (let i = 0; i < part.length; i++) part[i] = (part[i] as number) - normalizer;
  }
  return result;
}
