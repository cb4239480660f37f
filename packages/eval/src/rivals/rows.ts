import { type Distribution, softmax } from '@renorm/edge';

/** Views of the rows of a [rows, width] array. */
export const rowsIn = (data: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: data.length / width }, (_, i) => data.subarray(i * width, (i + 1) * width));

/** Probabilities, entropy and label of each row of logits, float32 [rows, classes]. */
export const softmaxRows = (logits: Float32Array, classes: number): Distribution[] =>
  rowsIn(logits, classes).map((row) => softmax(row));

/** The mean over rows, column by column. */
export function meanRow(rows: readonly ArrayLike<number>[]): Float64Array {
  const mean = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows)
    for (let c = 0; c < mean.length; c++) mean[c] = (mean[c] as number) + (row[c] as number) / rows.length;
  return mean;
}

/** Of the angle between two vectors. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return dot / Math.sqrt(squaresA * squaresB);
}
