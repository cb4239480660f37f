import type { OnnxModel } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Measured } from '../core/platform.js';
import { SketchGraph } from '../core/sketch-graph.js';
import { sessionOptions } from './session-options.js';

/** What each BatchNormalization sees where it normalises by the images at hand, measured in onnxruntime. */
export class SketchSession {
  readonly #graph: SketchGraph;
  readonly #session: InferenceSession;

  private constructor(graph: SketchGraph, session: InferenceSession) {
    this.#graph = graph;
    this.#session = session;
  }

  /** @param shape of one image @throws OnnxError ONNX_NO_NORMALIZATION */
  static async open(model: OnnxModel, shape: readonly number[], threads: number): Promise<SketchSession> {
    const graph = new SketchGraph(model, shape);
    return new SketchSession(graph, await InferenceSession.create(graph.bytes, sessionOptions(threads)));
  }

  /** @param images float32 [count, ...shape] @param parameters whose scales and shifts count; undefined: as exported */
  run(images: Float32Array, count: number, parameters?: ParameterSet): Promise<Measured> {
    return this.#graph.measure(images, count, parameters, async (feeds) => {
      const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [name, new Tensor('float32', data, dims)]);
      const outputs = await this.#session.run(Object.fromEntries(tensors));
      return (name) => (outputs[name] as Tensor).data as Float32Array;
    });
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}
