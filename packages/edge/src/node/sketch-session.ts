import { type OnnxModel, pooledMoments, readParameters, type StatisticsModel, statisticsModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Measured } from '../core/platform.js';
import { sessionOptions } from './session-options.js';

/** The graph that measures what each BatchNormalization sees where it normalises by the images at hand, in onnxruntime. */
export class SketchSession {
  readonly #graph: StatisticsModel;
  readonly #session: InferenceSession;
  readonly #shape: readonly number[];
  readonly #exported: ParameterSet;

  private constructor(model: OnnxModel, graph: StatisticsModel, session: InferenceSession, shape: readonly number[]) {
    this.#graph = graph;
    this.#session = session;
    this.#shape = shape;
    this.#exported = readParameters(model);
  }

  /** @param shape of one image @throws OnnxError ONNX_NO_NORMALIZATION */
  static async open(model: OnnxModel, shape: readonly number[], threads: number): Promise<SketchSession> {
    const graph = statisticsModel(model);
    return new SketchSession(model, graph, await InferenceSession.create(graph.bytes, sessionOptions(threads)), shape);
  }

  /** @param images float32 [count, ...shape] @param parameters whose scales and shifts count; undefined: as exported */
  async run(images: Float32Array, count: number, parameters = this.#exported): Promise<Measured> {
    const { input, weights, logits, parameterInputs, layers } = this.#graph;
    const feeds: Record<string, Tensor> = { [input]: new Tensor('float32', images, [count, ...this.#shape]) };
    const alike = new Float32Array(count).fill(1 / count);
    if (weights !== undefined) feeds[weights] = new Tensor('float32', alike, [count]);
    for (const name of parameterInputs) {
      const values = parameters.get(name) as Float32Array;
      feeds[name] = new Tensor('float32', values, [values.length]);
    }
    const outputs = await this.#session.run(feeds);
    const floats = (name: string): Float32Array => (outputs[name] as Tensor).data as Float32Array;
    return {
      logits: floats(logits as string).slice(),
      layers: layers.map(({ means, squares, origin }) =>
        pooledMoments({ means: floats(means), squares: floats(squares), origin }, alike),
      ),
    };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
