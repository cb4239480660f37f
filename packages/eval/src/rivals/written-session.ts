import type { Batch } from '@renorm/cloud/internal';
import { type InferenceOptions, inferenceModel, type OnnxModel, readParameters } from '@renorm/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** A model with its exported parameters, in a graph with normalizations or outputs of a method's own. */
export class WrittenSession {
  readonly #session: InferenceSession;
  readonly #fixed: Readonly<Record<string, Tensor>>;
  readonly #input: string;
  readonly #shape: readonly number[];

  private constructor(
    session: InferenceSession,
    fixed: Readonly<Record<string, Tensor>>,
    input: string,
    shape: readonly number[],
  ) {
    this.#session = session;
    this.#fixed = fixed;
    this.#input = input;
    this.#shape = shape;
  }

  /** @param shape of one sample @throws OnnxError */
  static async open(model: OnnxModel, shape: readonly number[], written: InferenceOptions): Promise<WrittenSession> {
    const { bytes, input, otherInputs } = inferenceModel(model, written);
    const session = await InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      enableMemPattern: false,
      logSeverityLevel: 3,
    });
    const fixed = [...readParameters(model)]
      .filter(([key]) => otherInputs.includes(key))
      .map(([key, values]) => [key, new Tensor('float32', values, [values.length])] as const);
    return new WrittenSession(session, Object.fromEntries(fixed), input, shape);
  }

  /** @param declared the inputs that the method declared */
  async run(batch: Batch, declared: Readonly<Record<string, Tensor>> = {}): Promise<ReadonlyMap<string, Tensor>> {
    const images = new Tensor('float32', batch.data, [batch.count, ...this.#shape]);
    const outputs = await this.#session.run({ ...this.#fixed, ...declared, [this.#input]: images });
    return new Map(Object.entries(outputs) as [string, Tensor][]);
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

/** The values of an output. */
export const floatsOf = (outputs: ReadonlyMap<string, Tensor>, name: string): Float32Array =>
  (outputs.get(name) as Tensor).data as Float32Array;
