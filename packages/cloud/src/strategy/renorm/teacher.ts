import { type OnnxModel, readParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { type Batch, rowsOf } from '../../models/batch.js';
import type { FoundationView } from '../../models/foundation-view.js';
import { ParametricSession } from '../../models/session.js';
import { Pooler } from '../statistics/pooler.js';
import { statisticsObstacle } from '../statistics/statistics.js';

/**
 * Samples that a model without statistics is asked at once: a transformer of large images takes a gigabyte for so many.
 */
const AT_ONCE = 16;

/**
 * The foundation model, with the statistics of the same pool as the edge model. One whose statistics cannot be pooled
 * teaches as it was exported.
 */
export class Teacher {
  readonly #exported: ParameterSet;
  readonly #session: ParametricSession;
  readonly #pooler: Pooler | undefined;
  readonly #view: FoundationView | undefined;

  private constructor(
    exported: ParameterSet,
    session: ParametricSession,
    pooler: Pooler | undefined,
    view: FoundationView | undefined,
  ) {
    this.#exported = exported;
    this.#session = session;
    this.#pooler = pooler;
    this.#view = view;
  }

  /**
   * @param shape of a sample of the model
   * @param view makes its samples of the edge model's, where they are others
   * @throws OnnxError
   */
  static async open(
    model: OnnxModel,
    shape: readonly number[],
    options: { readonly threads: number },
    view?: FoundationView,
  ): Promise<Teacher> {
    const pooler = statisticsObstacle(model) === undefined ? await Pooler.create(model, shape, options) : undefined;
    return new Teacher(readParameters(model), await ParametricSession.create(model, shape, options), pooler, view);
  }

  /**
   * @param samples as the edge model takes them
   * @param prior samples that its exported statistics are worth
   * @returns logits, float32 [samples, classes], row-major
   */
  async logits(samples: Batch, weights: Float64Array, prior?: number): Promise<Float32Array> {
    if (this.#pooler !== undefined) {
      const own = this.#own(samples);
      return this.#session.logits(await this.#pooler.pool(own, weights, prior), own);
    }
    const parts: Float32Array[] = [];
    for (let from = 0; from < samples.count; from += AT_ONCE) {
      const rows = Array.from({ length: Math.min(AT_ONCE, samples.count - from) }, (_, i) => from + i);
      parts.push(await this.#session.logits(this.#exported, this.#own(rowsOf(samples, rows))));
    }
    const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #own(samples: Batch): Batch {
    return this.#view?.batch(samples) ?? samples;
  }

  async release(): Promise<void> {
    await this.#pooler?.release();
    await this.#session.release();
  }
}
