import type { Tensor } from '@renorm/protocol';

/** Samples side by side, as a model takes them. */
export interface Batch {
  /** float32 [count, ...sample shape], row-major. */
  readonly data: Float32Array;
  readonly count: number;
  /**
   * Of those that came as images, the pixels that were prepared for a foundation model that takes others; see
   * FoundationView.
   */
  readonly pixels?: readonly (Uint8Array | undefined)[];
}

/** Puts samples of one shape into a batch. */
export function batchOf(samples: readonly (Pick<Tensor, 'data'> & { readonly pixels?: Uint8Array })[]): Batch {
  const size = samples[0]?.data.length ?? 0;
  const data = new Float32Array(samples.length * size);
  for (const [i, sample] of samples.entries()) data.set(sample.data, i * size);
  return withPixels({ data, count: samples.length }, () => samples.map(({ pixels }) => pixels));
}

/** The samples of both, in order. */
export function joinBatches(a: Batch, b: Batch): Batch {
  if (b.count === 0) return a;
  const data = new Float32Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return withPixels({ data, count: a.count + b.count }, () => [...pixelsOf(a), ...pixelsOf(b)]);
}

/** At most `count` of the samples, evenly spread over all. */
export function spread(batch: Batch, count: number): Batch {
  if (batch.count <= count) return batch;
  return rowsOf(
    batch,
    Array.from({ length: count }, (_, i) => Math.floor((i * batch.count) / count)),
  );
}

/** Some of the samples, by their rows. */
export function rowsOf(batch: Batch, rows: readonly number[]): Batch {
  const size = batch.count === 0 ? 0 : batch.data.length / batch.count;
  const data = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) data.set(batch.data.subarray(row * size, (row + 1) * size), i * size);
  return withPixels({ data, count: rows.length }, () => rows.map((row) => batch.pixels?.[row]));
}

const pixelsOf = ({ pixels, count }: Batch): Batch['pixels'] & {} => pixels ?? Array<undefined>(count).fill(undefined);

function withPixels(batch: Batch, read: () => readonly (Uint8Array | undefined)[]): Batch {
  const pixels = read();
  return pixels.some((each) => each !== undefined) ? { ...batch, pixels } : batch;
}
