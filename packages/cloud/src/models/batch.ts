import type { Tensor } from '@renorm/protocol';

/** Samples side by side, as a model takes them. */
export interface Batch {
  /** float32 [count, ...sample shape], row-major. */
  readonly data: Float32Array;
  readonly count: number;
}

/** Puts samples of one shape into a batch. */
export function batchOf(samples: readonly Pick<Tensor, 'data'>[]): Batch {
  const size = samples[0]?.data.length ?? 0;
  const data = new Float32Array(samples.length * size);
  for (const [i, sample] of samples.entries()) data.set(sample.data, i * size);
  return { data, count: samples.length };
}

/** The samples of both, in order. */
export function joinBatches(a: Batch, b: Batch): Batch {
  if (b.count === 0) return a;
  const data = new Float32Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { data, count: a.count + b.count };
}

/** At most `count` of the samples, evenly spread over all. */
export function spread(batch: Batch, count: number): Batch {
  if (batch.count <= count) return batch;
  const size = batch.data.length / batch.count;
  const data = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * batch.count) / count) * size;
    data.set(batch.data.subarray(from, from + size), i * size);
  }
  return { data, count };
}

/** Some of the samples, by their rows. */
export function rowsOf(batch: Batch, rows: readonly number[]): Batch {
  const size = batch.count === 0 ? 0 : batch.data.length / batch.count;
  const data = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) data.set(batch.data.subarray(row * size, (row + 1) * size), i * size);
  return { data, count: rows.length };
}
