import { type OnnxModel, parametricModel, type TrainingModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Batch } from './batch.js';

/** Threads that onnxruntime may use for one operator. */
export interface SessionOptions {
  readonly threads: number;
}

/** What one training step computes. */
export interface StepResult {
  readonly loss: number;
  /** By key of gamma and beta. */
  readonly gradients: ParameterSet;
  /** Batch mean and biased batch variance, by key of the running statistic. */
  readonly statistics: ParameterSet;
}

/** A session as the cloud runs every graph. */
export function createSession(bytes: Uint8Array, { threads }: SessionOptions): Promise<InferenceSession> {
  return InferenceSession.create(bytes, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // A planned block of memory comes beside what the first run took: without it a step takes half
    // (docs/benchmarks.md).
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Threads spin between the operators of a step, which with 2 threads saves a fifth of its time, and stop when it
    // ends: a trainer that waits takes no core from the gateway or from a device. Quantized products do not saturate on
    // processors without VNNI.
    extra: { session: { force_spinning_stop: '1', x64quantprecision: '1' } },
  });
}

/** Parameters as a graph takes them, by the names of its inputs. */
export function parameterFeeds(names: readonly string[], parameters: ParameterSet): Record<string, Tensor> {
  return Object.fromEntries(
    names.map((name) => {
      const values = parameters.get(name) as Float32Array;
      return [name, new Tensor('float32', values, [values.length])];
    }),
  );
}

const floats = (tensor: Tensor | undefined): Float32Array => (tensor as Tensor).data as Float32Array;

/** A gradient graph in onnxruntime. It blocks the calling thread while it runs. */
export class TrainingSession {
  readonly #model: TrainingModel;
  readonly #session: InferenceSession;
  readonly #shape: readonly number[];

  private constructor(model: TrainingModel, session: InferenceSession, shape: readonly number[]) {
    this.#model = model;
    this.#session = session;
    this.#shape = shape;
  }

  /** @param shape of one sample */
  static async create(
    model: TrainingModel,
    shape: readonly number[],
    options: SessionOptions,
  ): Promise<TrainingSession> {
    return new TrainingSession(model, await createSession(model.bytes, options), shape);
  }

  /** @param targets by name of the loss's inputs: float32 [batch, classes] */
  async run(
    parameters: ParameterSet,
    batch: Batch,
    targets: ReadonlyMap<string, Float32Array> = new Map(),
  ): Promise<StepResult> {
    const model = this.#model;
    const feeds = parameterFeeds(model.parameterInputs, parameters);
    feeds[model.input] = new Tensor('float32', batch.data, [batch.count, ...this.#shape]);
    for (const [name, data] of targets)
      feeds[name] = new Tensor('float32', data, [batch.count, data.length / batch.count]);
    const outputs = await this.#session.run(feeds);
    const collect = (names: ReadonlyMap<string, string>): ParameterSet =>
      new Map([...names].map(([key, output]) => [key, floats(outputs[output])]));
    return {
      loss: floats(outputs[model.loss])[0] as number,
      gradients: collect(model.gradients),
      statistics: collect(model.statistics),
    };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** An inference graph whose normalization parameters are given with each run. */
export class ParametricSession {
  readonly #session: InferenceSession;
  readonly #input: string;
  readonly #output: string;
  readonly #shape: readonly number[];

  private constructor(session: InferenceSession, model: OnnxModel, shape: readonly number[]) {
    this.#session = session;
    this.#input = model.input.name;
    this.#output = model.output.name;
    this.#shape = shape;
  }

  /**
   * @param shape of one sample
   * @param statistics batch: every layer normalises by the batch's own statistics instead of the running ones
   */
  static async create(
    model: OnnxModel,
    shape: readonly number[],
    options: SessionOptions,
    statistics: 'running' | 'batch' = 'running',
  ): Promise<ParametricSession> {
    return new ParametricSession(await createSession(parametricModel(model, { statistics }), options), model, shape);
  }

  /** @returns logits, float32 [batch, classes], row-major */
  async logits(parameters: ParameterSet, batch: Batch): Promise<Float32Array> {
    const names = this.#session.inputNames.filter((name) => name !== this.#input);
    const feeds = parameterFeeds(names, parameters);
    feeds[this.#input] = new Tensor('float32', batch.data, [batch.count, ...this.#shape]);
    return floats((await this.#session.run(feeds))[this.#output]);
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
