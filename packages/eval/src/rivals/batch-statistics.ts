import { type Batch, StatisticsSession } from '@renorm/cloud/internal';
import { normalizationLayers, type OnnxModel, parameterKey } from '@renorm/onnx';
import { type ParameterSet, RenormError } from '@renorm/protocol';

/** What a batch says: predictions under its own statistics, and parameters that bring them about. */
export interface MeasuredBatch {
  /** float32 [count, classes], row-major. */
  readonly logits: Float32Array;
  /** The parameters that were given, with the batch's mean and biased variance as running statistics. */
  readonly parameters: ParameterSet;
}

/** Measures the statistics of batches, every layer normalising by the batch, layer after layer. */
export class BatchStatistics {
  readonly #session: StatisticsSession;

  private constructor(session: StatisticsSession) {
    this.#session = session;
  }

  /** @throws RenormError REQUEST_INVALID: the model has no BatchNormalization */
  static async open(model: OnnxModel, shape: readonly number[]): Promise<BatchStatistics> {
    if (!normalizationLayers(model).some(({ kind }) => kind === 'BatchNormalization'))
      throw new RenormError(
        'REQUEST_INVALID',
        `${model.name} has no BatchNormalization, and the method lives on statistics of batches; leave it out of --methods.`,
      );
    return new BatchStatistics(await StatisticsSession.create(model, shape, { threads: 1 }, 'pooled'));
  }

  async measure(parameters: ParameterSet, batch: Batch): Promise<MeasuredBatch> {
    const { logits, layers } = await this.#session.run(parameters, batch);
    const measured = new Map(parameters);
    for (const { name, kind, channels, means, squares, origin } of layers) {
      if (kind !== 'BatchNormalization') continue;
      const [mean, variance] = [new Float32Array(channels), new Float32Array(channels)];
      for (let c = 0; c < channels; c++) {
        let [sum, square] = [0, 0];
        for (let i = 0; i < batch.count; i++) {
          sum += means[i * channels + c] as number;
          square += squares[i * channels + c] as number;
        }
        const offset = sum / batch.count;
        mean[c] = offset + (origin[c] as number);
        variance[c] = Math.max(0, square / batch.count - offset * offset);
      }
      measured.set(parameterKey({ name }, 'mean'), mean);
      measured.set(parameterKey({ name }, 'variance'), variance);
    }
    return { logits, parameters: measured };
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}
