import type { GraphProto } from '../gen/onnx/onnx_pb.js';
import { allNames } from './bodies.js';

/** Names that are taken, by graph: looked up once, because a model has thousands of layers. */
const TAKEN = new WeakMap<GraphProto, Set<string>>();

/**
 * The name that is wished for, or one like it, that no tensor and no value of the graph has. It is taken from then on.
 */
export function freeName(graph: GraphProto, wish: string): string {
  const taken = TAKEN.get(graph) ?? allNames(graph);
  TAKEN.set(graph, taken);
  let name = wish;
  for (let i = 1; taken.has(name); i++) name = `${wish}_${i}`;
  taken.add(name);
  return name;
}
