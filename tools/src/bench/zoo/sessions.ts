import { readFile } from 'node:fs/promises';
import { parseModel, readParameters, type TrainingModel, trainingModel } from '@renorm/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { meanEntropy } from '../../mean-entropy.js';

/** A session with everything that it is fed. */
export interface Runnable {
  run(): Promise<unknown>;
  release(): Promise<void>;
  /** Writes what onnxruntime profiled, if that was asked for. */
  endProfiling(): void;
}

/** Options that a bench varies, over those that TrainingSession of @renorm/cloud sets. */
export type Variation = InferenceSession.SessionOptions;

const options = (threads: number, variation: Variation): InferenceSession.SessionOptions => ({
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  enableMemPattern: false,
  logSeverityLevel: 3,
  extra: { session: { force_spinning_stop: '1' } },
  ...variation,
});

async function runnable(
  model: Uint8Array | string,
  feeds: Record<string, Tensor>,
  threads: number,
  variation: Variation,
): Promise<Runnable> {
  const session =
    typeof model === 'string'
      ? await InferenceSession.create(model, options(threads, variation))
      : await InferenceSession.create(model, options(threads, variation));
  return {
    run: () => session.run(feeds),
    release: () => session.release(),
    endProfiling: () => session.endProfiling(),
  };
}

export interface Setup {
  readonly file: string;
  readonly threads: number;
  /** [batch, ...sample] */
  readonly batch: Tensor;
  readonly variation?: Variation;
}

/** The gradient graph of the mean entropy of a model. Each run is a whole training step. */
export async function trainingRun({ file, threads, batch, variation = {} }: Setup): Promise<Runnable & TrainingModel> {
  const model = parseModel(await readFile(file), file);
  const training = trainingModel(model, meanEntropy);
  const parameters = readParameters(model);
  const feeds: Record<string, Tensor> = { [training.input]: batch };
  for (const name of training.parameterInputs) {
    const values = parameters.get(name) as Float32Array;
    feeds[name] = new Tensor('float32', values, [values.length]);
  }
  return { ...training, ...(await runnable(training.bytes, feeds, threads, variation)) };
}

/** Inference with a model as exported. */
export async function plainRun({ file, threads, batch, variation = {} }: Setup): Promise<Runnable> {
  const session = await runnable(file, { input: batch }, threads, variation);
  return session;
}
