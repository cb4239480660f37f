import type { Shape, Value } from '../graph/types.js';
import { constantOf } from '../model/constant-node.js';
import { type OnnxModel, shapeOf } from '../model/model.js';
import { typeOf } from '../model/node.js';
import { newGraph } from '../operators/new-graph.js';
import { importNode, openDims, statedShapes } from './import-node.js';

/** What is known of the values of a model without running it. */
export interface Inferred {
  /** The shape of a value; undefined where it is not known. */
  readonly shape: (name: string) => Shape | undefined;
  /** The integers of a small value, all known. */
  readonly integers: (name: string) => readonly number[] | undefined;
}

/**
 * Infers the shapes of a model's values.
 *
 * @param input the shape of its input, if that is not the one it states
 * @throws OnnxError ONNX_UNSUPPORTED: a node has inputs or attributes that do not fit it
 */
export function inferredShapes(model: OnnxModel, input: Shape = openDims(shapeOf(model.input))): Inferred {
  const graph = newGraph(model.opset);
  const values = new Map<string, Value>([[model.input.name, graph.input(model.input.name, input)]]);
  for (const tensor of model.graph.initializer) values.set(tensor.name, graph.adopt(tensor));
  const valueAt = (name: string): Value | undefined =>
    name === '' ? undefined : (values.get(name) ?? { name, shape: undefined });
  // With another input than the model states, what it states of its values is not so.
  const stated = input.every((size, i) => size === openDims(shapeOf(model.input))[i]) ? statedShapes(model) : new Map();
  for (const node of model.graph.node) {
    const held = typeOf(node) === 'Constant' ? constantOf(node) : undefined;
    if (held !== undefined) {
      values.set(held.name, graph.adopt(held));
      continue;
    }
    const read = node.input.map(valueAt);
    const { outputs } = importNode(graph, node, node.opType, read, { stated, valueAt });
    for (const output of outputs) values.set(output.name, output);
  }
  return {
    shape: (name) => values.get(name)?.shape,
    integers: (name) => {
      const found = graph.integers(values.get(name));
      return found?.every((value) => value !== undefined) ? (found as readonly number[]) : undefined;
    },
  };
}
