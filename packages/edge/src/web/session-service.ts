import { type OnnxModel, parseModel, serializeModel, withParameters } from '@renorm/onnx';
import type { ParameterSet } from '@renorm/protocol';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Measured } from '../core/platform.js';
import { SketchGraph } from '../core/sketch-graph.js';
import { openRuntime, type Runtime } from './runtime.js';
import type { WorkerSetup } from './worker-messages.js';

interface Sketching {
  readonly graph: SketchGraph;
  readonly session: InferenceSession;
}

/** What a worker does for a device: bakes versions into the model, builds sessions, predicts, measures. */
export class SessionService {
  readonly #setup: WorkerSetup;
  readonly #runtime: Runtime;
  #session: InferenceSession | undefined;
  #parsed: OnnxModel | undefined;
  #sketching: Sketching | undefined;

  private constructor(setup: WorkerSetup, runtime: Runtime) {
    this.#setup = setup;
    this.#runtime = runtime;
  }

  static async open(setup: WorkerSetup): Promise<SessionService> {
    return new SessionService(setup, await openRuntime(setup.backend, setup.threads, setup.wasmPaths));
  }

  async load(parameters: ParameterSet | undefined): Promise<void> {
    const { model, elements } = this.#setup;
    const fresh = await this.#runtime.create(parameters === undefined ? model : this.#bake(parameters));
    // The first run allocates and packs; it must not be somebody's prediction. It also shows parameters that compute
    // nothing.
    const logits = await this.#infer(fresh, new Float32Array(elements));
    if (!logits.every(Number.isFinite)) throw new Error('it computes values that are not finite for an input of zeros');
    this.#session = fresh;
  }

  async run(input: Float32Array): Promise<Float32Array> {
    if (this.#session === undefined) throw new Error('no session is loaded');
    return this.#infer(this.#session, input);
  }

  async release(): Promise<void> {
    const retired = this.#session;
    this.#session = undefined;
    await retired?.release();
  }

  async sketch(images: Float32Array, count: number, parameters: ParameterSet | undefined): Promise<Measured> {
    this.#sketching ??= await this.#openSketching();
    const { graph, session } = this.#sketching;
    return graph.measure(images, count, parameters, async (feeds) => {
      const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [name, this.#runtime.tensor(data, dims)]);
      const outputs = await session.run(Object.fromEntries(tensors) as Record<string, Tensor>);
      return (name) => (outputs[name] as Tensor).data as Float32Array;
    });
  }

  async #infer(session: InferenceSession, input: Float32Array): Promise<Float32Array> {
    const { inputName, outputName, inputShape, classes } = this.#setup;
    const outputs = await session.run({ [inputName]: this.#runtime.tensor(input, inputShape) }, [outputName]);
    const logits = outputs[outputName]?.data;
    if (!(logits instanceof Float32Array) || logits.length !== classes)
      throw new Error(`the output ${outputName} is not ${classes} float32 values for a batch of 1`);
    return logits.slice();
  }

  #bake(parameters: ParameterSet): Uint8Array {
    return serializeModel(withParameters(this.#model(), parameters));
  }

  #model(): OnnxModel {
    this.#parsed ??= parseModel(this.#setup.model, this.#setup.name);
    return this.#parsed;
  }

  async #openSketching(): Promise<Sketching> {
    const graph = new SketchGraph(this.#model(), this.#setup.inputShape.slice(1));
    return { graph, session: await this.#runtime.create(graph.bytes) };
  }
}
