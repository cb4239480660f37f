import { join } from 'node:path';
import { normalizationLayers, type OnnxModel, parameterKey, readParameters, trainingModel } from '@renorm/onnx';
import { readModelFile } from '@renorm/onnx/node';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { meanEntropy } from '../mean-entropy.js';
import { type Entry, type Reference, readReference, type Variant } from './manifest.js';

/** What came of one file. */
export interface Finding {
  readonly variant: Variant;
  /** Set where something failed, and then nothing after it is. */
  readonly failure?: string;
  readonly layers?: number;
  readonly buildMs?: number;
  readonly stepMs?: number;
  readonly graphBytes?: number;
  /** Largest error of the logits, over the largest logit. */
  readonly logitsError?: number;
  /** Of the gradients' tensors, the one that is furthest off. */
  readonly worst?: { readonly key: string; readonly error: number };
}

/** How far a gradient may be off. */
export const TOLERANCE = 1e-4;

/** Whether a file's gradients are PyTorch's. */
export const isRight = ({ failure, worst }: Finding): boolean =>
  failure === undefined && worst !== undefined && worst.error <= TOLERANCE;

/** Below this share of the largest gradient in a model, a gradient is what is left of larger ones that cancel. */
const CANCELLED = 1e-4;

/**
 * How far a gradient is from PyTorch's: max|a - b| / max|b|, over the tensor. A gradient that is next to zero because
 * larger ones cancel, such as that of a shift or a scale in front of a normalization, is measured against the largest
 * in the model.
 */
export function relativeError(ours: ArrayLike<number>, theirs: ArrayLike<number>, largest: number): number {
  if (ours.length !== theirs.length) return Number.POSITIVE_INFINITY;
  const own = maximum(theirs);
  const size = own < CANCELLED * largest ? largest : own;
  let apart = 0;
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs((ours[i] as number) - (theirs[i] as number));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    apart = Math.max(apart, difference);
  }
  return apart / size;
}

function maximum(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  return largest;
}

/**
 * Reads a file, writes its gradient graph, runs it and compares it with PyTorch. Never throws: a failure is a finding.
 */
export async function check(folder: string, variant: Variant, threads: number): Promise<Finding> {
  try {
    const reference = await readReference(folder, variant);
    const model = await readModelFile(join(folder, variant.file));
    const start = performance.now();
    const training = trainingModel(model, meanEntropy);
    const buildMs = performance.now() - start;
    const layers = normalizationLayers(model).length;
    const session = await InferenceSession.create(training.bytes, { intraOpNumThreads: threads, logSeverityLevel: 3 });
    try {
      const feeds: Record<string, Tensor> = Object.fromEntries(
        [...readParameters(model)]
          .filter(([key]) => training.parameterInputs.includes(key))
          .map(([key, values]) => [key, new Tensor('float32', values, [values.length])]),
      );
      feeds[training.input] = inputTensor(reference);
      const begin = performance.now();
      const outputs = await session.run(feeds);
      const stepMs = performance.now() - begin;
      const value = (name: string | undefined) => outputs[name ?? '']?.data as Float32Array | undefined;
      const largest = Math.max(...reference.entries.map(({ values }) => maximum(values)));
      const errors = expectedKeys(model, variant, reference.entries).map(({ key, entry }) => ({
        key,
        error: relativeError(value(training.gradients.get(key)) ?? [], entry.values, largest),
      }));
      const worst = errors.reduce((a, b) => (b.error > a.error ? b : a));
      return {
        ...{ variant, layers, buildMs, stepMs, worst, graphBytes: training.bytes.length },
        logitsError: relativeError(value(training.logits) ?? [], reference.logits, 0),
      };
    } finally {
      await session.release();
    }
  } catch (error) {
    return { variant, failure: error instanceof Error ? error.message : String(error) };
  }
}

function inputTensor({ inputs: { data, dims } }: Reference): Tensor {
  return data instanceof BigInt64Array ? new Tensor('int64', data, dims) : new Tensor('float32', data, dims);
}

/**
 * The key that each of PyTorch's gradients should have: a folded layer's by its convolution's node, the others' by
 * their order.
 */
function expectedKeys(
  model: OnnxModel,
  { convolutions, folded }: Variant,
  entries: readonly Entry[],
): { key: string; entry: Entry }[] {
  const layers = normalizationLayers(model);
  const own = layers.filter(({ kind }) => kind !== 'ScaleShift' || folded === 'linear').values();
  const names = new Map<string, string>();
  // The reference also has the biases inside squeeze-and-excitation blocks, behind which nothing was folded.
  const normalizations = entries.filter(({ kind, folded }) => folded || !kind.startsWith('Conv'));
  return normalizations.map((entry) => {
    if (entry.folded && folded !== 'linear')
      return { key: parameterKey({ name: convolutions[entry.after ?? ''] ?? '' }, entry.role), entry };
    const name = names.get(entry.layer) ?? own.next().value?.name ?? 'none';
    names.set(entry.layer, name);
    return { key: parameterKey({ name }, entry.role), entry };
  });
}
