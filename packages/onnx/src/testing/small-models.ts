import type { Graph } from '../graph/graph.js';
import type { Shape, Value } from '../graph/types.js';
import { normalizationLayers, type OnnxModel, parametricModel, readParameters, serializeModel } from '../index.js';
import type { ParameterSet } from '../layers/layer.js';
import { newGraph } from '../operators/new-graph.js';
import { fill, modelOf, normals } from './fixtures.js';
import { distance, type Feed, outputOf, run, vectors } from './runtime.js';

/** A model of a few operators. @param shape of the input x */
export function small(shape: Shape, build: (graph: Graph, x: Value) => Value, opset = 17): OnnxModel {
  const graph = newGraph(opset);
  return modelOf(graph, build(graph, graph.input('x', shape)));
}

/** A constant of random values, others for each seed. */
export const constantOf = (graph: Graph, dims: readonly number[], seed = 1): Value =>
  graph.constant(
    fill(
      dims.reduce((p, d) => p * d, 1),
      normals(seed),
    ),
    dims,
  );

/** Layers in short: `LayerNormalization 6 gamma beta`. */
export const inShort = (model: OnnxModel): string[] =>
  normalizationLayers(model).map(({ kind, channels, roles }) => `${kind} ${channels} ${roles.join(' ')}`);

/** What a model computes for an input of random values; open sizes are 3. */
export async function compute(
  model: OnnxModel,
  shape: Shape,
  bytes = serializeModel(model),
  parameters: ParameterSet = new Map(),
): Promise<Float32Array> {
  const dims = shape.map((size) => size ?? 3);
  const count = dims.reduce((p, d) => p * d, 1);
  const x: Feed = { data: fill(count, normals(11)), dims };
  return outputOf(await run(bytes, new Map([['x', x], ...vectors(parameters)])), model.output.name);
}

/** How far the parametric model is from the model, with the model's own parameters. */
export async function apart(model: OnnxModel, shape: Shape): Promise<number> {
  return distance(
    await compute(model, shape, parametricModel(model), readParameters(model)),
    await compute(model, shape),
  );
}
