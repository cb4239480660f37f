import type { Dim, GraphBase, Operation, Value } from './graph-base.js';
import { fromConstant } from './integers/constant.js';
import { SMALL, Unknown } from './integers/rule.js';
import { RULES } from './integers/rules.js';
import type { SmallTensor } from './small-tensor.js';

/** Per graph: by the name of a value, what is known of it. */
const KNOWN = new WeakMap<GraphBase, Map<string, SmallTensor | undefined>>();

/** The integers of a small tensor, as far as they are known while the graph is built; undefined where nothing is. */
export function integersOf(graph: GraphBase, value: Value | undefined): readonly Dim[] | undefined {
  return value === undefined ? undefined : smallTensor(graph, value)?.values;
}

/** A small tensor, as far as its values are known while the graph is built. */
export function smallTensor(graph: GraphBase, value: Value): SmallTensor | undefined {
  const known = KNOWN.get(graph) ?? new Map<string, SmallTensor | undefined>();
  KNOWN.set(graph, known);
  if (known.has(value.name)) return known.get(value.name);
  const constant = graph.constants.get(value.name);
  const operation = graph.producer(value);
  const found =
    constant !== undefined ? fromConstant(constant) : operation === undefined ? undefined : computed(graph, operation);
  known.set(value.name, found);
  return found;
}

function computed(graph: GraphBase, operation: Operation): SmallTensor | undefined {
  const rule = RULES[operation.type];
  if (rule === undefined) return undefined;
  const at = (i: number): SmallTensor => {
    const input = operation.inputs[i];
    const found = input === undefined ? undefined : smallTensor(graph, input);
    if (found === undefined) throw new Unknown();
    return found;
  };
  const list = (i: number): readonly number[] | undefined => {
    if (operation.inputs[i] === undefined) return undefined;
    return at(i).values.map((value) => {
      if (value === undefined) throw new Unknown();
      return value;
    });
  };
  try {
    const found = rule({ graph, operation, attributes: operation.attributes, at, list });
    return found.values.length > SMALL ? undefined : found;
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}
