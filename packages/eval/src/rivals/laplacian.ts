/** Rows of a [rows, width] array. */
export type Rows = readonly ArrayLike<number>[];

const MOST_STEPS = 100;
/** A relative change of the objective below this is none. */
const CONVERGED = 1e-8;
/** Keeps the logarithm of a probability of 0 finite. */
const TINY = 1e-10;

/**
 * Affinity of k nearest neighbours (Boudiaf et al., section 4): w_ij = 1 where j is among the k rows that are nearest
 * to i by the angle between them, i itself left out; else 0. It is not symmetric. Of equally near rows the first ones
 * count.
 */
export function nearestNeighbours(rows: Rows, k: number): Float64Array[] {
  const unit = rows.map(normalised);
  return unit.map((row, i) => {
    const likeness = unit.map((other) => dot(row, other));
    const order = unit.map((_, j) => j).filter((j) => j !== i);
    order.sort((a, b) => (likeness[b] as number) - (likeness[a] as number) || a - b);
    const weights = new Float64Array(rows.length);
    for (const j of order.slice(0, k)) weights[j] = 1;
    return weights;
  });
}

/**
 * What LAME minimises over assignments z of a batch (equation 3): sum_i KL(z_i || q_i) - sum_ij w_ij z_i . z_j.
 *
 * @param assigned z, one row a sample, each of sum 1
 * @param probabilities q, of the model
 */
export function laplacianObjective(assigned: Rows, probabilities: Rows, affinity: Rows): number {
  let value = 0;
  for (const [i, row] of assigned.entries()) {
    const near = votes(assigned, affinity[i] ?? []);
    for (let c = 0; c < row.length; c++) {
      const z = row[c] as number;
      value += z * (Math.log(Math.max(z, 1e-20)) - logOf(probabilities[i], c) - (near[c] as number));
    }
  }
  return value;
}

/**
 * Concave-convex procedure on that (equation 6): z_i is proportional to q_i exp(sum_j w_ij z_j), all rows at once,
 * until the objective rests. Where the affinity is positive semidefinite the objective falls with each step.
 *
 * @param onStep called with the assignments after each step
 * @returns z, one row a sample
 */
export function laplacianAdjusted(
  probabilities: Rows,
  affinity: Rows,
  onStep: (assigned: Rows) => void = () => undefined,
): Float64Array[] {
  let assigned: Float64Array[] = probabilities.map((row) => Float64Array.from(row));
  let before = laplacianObjective(assigned, probabilities, affinity);
  for (let step = 0; step < MOST_STEPS; step++) {
    const last = assigned;
    assigned = last.map((_, i) =>
      proportional(votes(last, affinity[i] ?? []).map((vote, c) => logOf(probabilities[i], c) + vote)),
    );
    onStep(assigned);
    const now = laplacianObjective(assigned, probabilities, affinity);
    if (Math.abs(now - before) <= CONVERGED * Math.abs(before)) break;
    before = now;
  }
  return assigned;
}

/** Softmax in float64: a vote that is all but lost must stay above 0 until the next step. */
function proportional(logits: Float64Array): Float64Array {
  const largest = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - largest));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

/** sum_j w_j z_j */
function votes(assigned: Rows, weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(assigned[0]?.length ?? 0);
  for (let j = 0; j < weights.length; j++) {
    const [weight, row] = [weights[j] as number, assigned[j] as ArrayLike<number>];
    if (weight === 0) continue;
    for (let c = 0; c < sum.length; c++) sum[c] = (sum[c] as number) + weight * (row[c] as number);
  }
  return sum;
}

const logOf = (row: ArrayLike<number> | undefined, c: number): number => Math.log((row?.[c] as number) + TINY);

function normalised(row: ArrayLike<number>): Float64Array {
  const length = Math.sqrt(dot(row, row)) || 1;
  return Float64Array.from(row, (value) => value / length);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
