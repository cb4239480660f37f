import { type OnnxModel, readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import type { Batch } from '../../models/batch.js';
import { ParametricSession } from '../../models/session.js';
import { Pooler } from '../statistics/pooler.js';
import { statisticsObstacle } from '../statistics/statistics.js';

/** The foundation model, with the statistics of the same pool as the edge model. One whose statistics cannot be pooled teaches as it was exported. */
export class Teacher {
  readonly #exported: ParameterSet;
  readonly #session: ParametricSession;
  readonly #pooler: Pooler | undefined;

  private constructor(exported: ParameterSet, session: ParametricSession, pooler: Pooler | undefined) {
    this.#exported = exported;
    this.#session = session;
    this.#pooler = pooler;
  }

  /** @throws OnnxError */
  static async open(
    model: OnnxModel,
    shape: readonly number[],
    options: { readonly threads: number },
  ): Promise<Teacher> {
    const pooler = statisticsObstacle(model) === undefined ? await Pooler.create(model, shape, options) : undefined;
    return new Teacher(readParameters(model), await ParametricSession.create(model, shape, options), pooler);
  }

  /** @returns logits, float32 [samples, classes], row-major */
  async logits(samples: Batch, weights: Float64Array): Promise<Float32Array> {
    const parameters = (await this.#pooler?.pool(samples, weights)) ?? this.#exported;
    return this.#session.logits(parameters, samples);
  }

  async release(): Promise<void> {
    await this.#pooler?.release();
    await this.#session.release();
  }
}
