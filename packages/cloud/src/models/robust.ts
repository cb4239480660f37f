/** Of values with weights, the smallest that a share of the weight is not above. 0 for none. */
export function weightedQuantile(values: Float64Array, weights: Float64Array, share: number): number {
  const order = Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
  const wanted = share * weights.reduce((sum, weight) => sum + weight, 0);
  let reached = 0;
  for (const i of order) {
    reached += weights[i] as number;
    if (reached >= wanted) return values[i] as number;
  }
  return values[order.at(-1) ?? 0] ?? 0;
}

/** Of the sorted values, the one that a share of them lies below. 0 for none. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Deviation of a normal distribution over its median absolute deviation. */
const NORMAL = 1.4826;

/** Median and deviation of some values with weights, neither of which a minority of the weight can move far. */
export function medianAndDeviation(
  values: Float64Array,
  weights: Float64Array,
): { readonly median: number; readonly deviation: number } {
  const median = weightedQuantile(values, weights, 0.5);
  const deviation =
    NORMAL *
    weightedQuantile(
      values.map((value) => Math.abs(value - median)),
      weights,
      0.5,
    );
  return { median, deviation };
}

/** How many samples of equal weight say as much: (sum w)^2 / sum w^2. */
export function effectiveCount(weights: ArrayLike<number>): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    sum += weight;
    squares += weight * weight;
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}
