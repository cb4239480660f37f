import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A tensor to feed: values and shape. */
export interface Feed {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Token ids to feed. */
export interface Tokens {
  readonly data: BigInt64Array;
  readonly dims: readonly number[];
}

export type Feeds = ReadonlyMap<string, Feed | Tokens>;

/** What a model computes in onnxruntime, by output name. */
export async function run(bytes: Uint8Array, feeds: Feeds): Promise<Map<string, Float32Array>> {
  return new Map([...(await tensors(bytes, feeds))].map(([name, { data }]) => [name, data as Float32Array]));
}

/** The shapes of what a model computes, by output name. */
export async function shapes(bytes: Uint8Array, feeds: Feeds): Promise<Map<string, readonly number[]>> {
  return new Map([...(await tensors(bytes, feeds))].map(([name, { dims }]) => [name, dims]));
}

async function tensors(bytes: Uint8Array, feeds: Feeds): Promise<[string, Tensor][]> {
  const session = await open(bytes);
  const outputs = await session.run(tensorsOf(feeds));
  await session.release();
  return Object.entries(outputs);
}

/** Feeds as onnxruntime takes them. */
export const tensorsOf = (feeds: Feeds): Record<string, Tensor> =>
  Object.fromEntries([...feeds].map(([name, feed]) => [name, tensorOf(feed)]));

const tensorOf = ({ data, dims }: Feed | Tokens): Tensor =>
  data instanceof BigInt64Array ? new Tensor('int64', data, dims) : new Tensor('float32', data, dims);

function open(bytes: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {
      session: {
        // The test processes run side by side; a spinning thread takes a core from the others.
        intra_op: { allow_spinning: '0' },
        // Without it, x86 processors without VNNI add products of quantized values in 16 bits, which saturate: up to
        // 142 steps off.
        x64quantprecision: '1',
      },
    },
  });
}

/** Feeds of parameters: vectors named by their keys. */
export function vectors(parameters: ReadonlyMap<string, Float32Array>): [string, Feed][] {
  return [...parameters].map(([name, data]) => [name, { data, dims: [data.length] }]);
}

/** An output that must be there. */
export function outputOf(results: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const values = results.get(name);
  if (values === undefined) throw new Error(`there is no output ${name}, only ${[...results.keys()].join(', ')}`);
  return values;
}

/** max |a - b| / max |b|; infinite where the lengths differ or a value is NaN. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs((a[i] as number) - (b[i] as number));
    if (Number.isNaN(apart)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, apart);
    size = Math.max(size, Math.abs(b[i] as number));
  }
  return difference === 0 ? 0 : difference / size;
}
