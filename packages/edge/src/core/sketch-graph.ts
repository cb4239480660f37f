import { type OnnxModel, pooledMoments, readParameters, type StatisticsModel, statisticsModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import type { Measured } from './platform.js';

/** Values with their shape, as a runtime takes them. */
export interface Feed {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/**
 * The graph that measures what each BatchNormalization sees where it normalises by the images at hand, for any runtime.
 */
export class SketchGraph {
  readonly #graph: StatisticsModel;
  readonly #shape: readonly number[];
  readonly #exported: ParameterSet;

  /** @param shape of one image @throws OnnxError ONNX_NO_NORMALIZATION */
  constructor(model: OnnxModel, shape: readonly number[]) {
    this.#graph = statisticsModel(model);
    this.#shape = shape;
    this.#exported = readParameters(model);
  }

  /** ONNX, to open a session of. */
  get bytes(): Uint8Array {
    return this.#graph.bytes;
  }

  /**
   * @param images float32 [count, ...shape]
   * @param parameters whose scales and shifts count; undefined: as exported
   * @param run the session: outputs by their names
   */
  async measure(
    images: Float32Array,
    count: number,
    parameters: ParameterSet = this.#exported,
    run: (feeds: Readonly<Record<string, Feed>>) => Promise<(name: string) => Float32Array>,
  ): Promise<Measured> {
    const { input, weights, logits, parameterInputs, layers } = this.#graph;
    const feeds: Record<string, Feed> = { [input]: { data: images, dims: [count, ...this.#shape] } };
    const alike = new Float32Array(count).fill(1 / count);
    if (weights !== undefined) feeds[weights] = { data: alike, dims: [count] };
    for (const name of parameterInputs) {
      const values = parameters.get(name) as Float32Array;
      feeds[name] = { data: values, dims: [values.length] };
    }
    const floats = await run(feeds);
    return {
      logits: floats(logits as string).slice(),
      layers: layers.map(({ means, squares, origin }) =>
        pooledMoments({ means: floats(means), squares: floats(squares), origin }, alike),
      ),
    };
  }
}
