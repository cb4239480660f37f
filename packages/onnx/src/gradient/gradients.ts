import { OnnxError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { ofNode } from '../graph/of-node.js';
import type { Operation, Value } from '../graph/types.js';
import { isFlat, isTypeOnly, ruleOf } from '../operators/operators.js';
import { accumulate } from './accumulate.js';
import { Gradients, type Stop } from './found.js';
import { firstStop, withoutRule } from './stop.js';
import { unbroadcast } from './unbroadcast.js';

/** What to do where the gradient would pass an operation that it cannot pass. */
export interface GradientOptions {
  /** throw (default): refuse. stop: go on without what would flow through it. */
  readonly onMissingRule?: 'throw' | 'stop';
}

/**
 * Writes the gradients of a scalar with respect to some values into the graph, in a time linear in its operations.
 *
 * Only operations on a path from a target to the loss get a gradient; frozen parts cost nothing.
 *
 * @throws OnnxError ONNX_OPERATOR_WITHOUT_RULE or ONNX_UNSUPPORTED naming the operator, the node, and the targets whose
 *   gradients do not
 * pass it; not with `onMissingRule: 'stop'`
 */
export function gradients(
  graph: Graph,
  loss: Value,
  targets: readonly Value[],
  { onMissingRule = 'throw' }: GradientOptions = {},
): Gradients {
  const forward = [...graph.operations];
  const live = reachedFrom(graph, forward, targets);
  const found = new Map<string, Value>([[loss.name, graph.constant(1)]]);
  const stops: Stop[] = [];
  for (const operation of forward.toReversed()) {
    const arriving = operation.outputs.map((output) => arrivingAt(graph, output, found));
    if (arriving.every((g) => g === undefined)) continue;
    operation.inputs.forEach((input, i) => {
      if (input === undefined || !live.has(input.name) || isTypeOnly(operation, i)) return;
      const part = partOf(graph, arriving, operation, i);
      const sofar = found.get(input.name);
      if ('reason' in part) stops.push(part);
      else found.set(input.name, sofar === undefined ? part : accumulate(graph, sofar, part));
    });
    operation.captured?.forEach(({ name }, i) => {
      if (live.has(name)) stops.push(intoBody(operation, i));
    });
  }
  const result = new Gradients(found, targets, stops, leadingTo(forward, stops));
  if (onMissingRule === 'throw' && stops.length > 0) throw firstStop(result);
  return result;
}

/** A gradient has the shape of its value, also where no shape rule says so. */
function arrivingAt(graph: Graph, output: Value, found: ReadonlyMap<string, Value>): Value | undefined {
  const known = found.get(output.name);
  if (known === undefined || graph.isStopped(output)) return undefined;
  return { name: known.name, shape: output.shape ?? known.shape };
}

/** What flows into one input, or why nothing can. */
function partOf(graph: Graph, arriving: readonly (Value | undefined)[], operation: Operation, i: number): Value | Stop {
  const rule = ruleOf(operation, i, arriving);
  const value = operation.inputs[i] as Value;
  if (rule === undefined) return { operation, input: i, reason: withoutRule(operation, i) };
  const g = arriving.find((gradient) => gradient !== undefined) as Value;
  try {
    return ofNode(operation, () => unbroadcast(graph, rule(graph, arriving, operation, i), value, g, operation));
  } catch (error) {
    if (error instanceof OnnxError) return { operation, input: i, reason: error };
    throw error;
  }
}

/** What a body reads from outside gets no gradient. */
function intoBody(operation: Operation, i: number): Stop {
  const reason = withoutRule(operation, `"${operation.captured?.[i]?.name}" in a body`);
  return { operation, input: operation.inputs.length + i, reason };
}

const allRead = ({ inputs, captured = [] }: Operation): readonly (Value | undefined)[] => [...inputs, ...captured];

/** Names of the values that depend on a target. */
function reachedFrom(graph: Graph, operations: readonly Operation[], targets: readonly Value[]): Set<string> {
  const live = new Set(targets.map(({ name }) => name));
  for (const operation of operations) {
    const { inputs, outputs, captured = [] } = operation;
    const depends =
      captured.some(({ name }) => live.has(name)) ||
      inputs.some((input, i) => input !== undefined && live.has(input.name) && !isTypeOnly(operation, i));
    if (isFlat(operation) || !depends) continue;
    for (const output of outputs) if (!graph.isStopped(output)) live.add(output.name);
  }
  return live;
}

/** Names of the values that the inputs at which gradients ended depend on, and of these inputs. */
function leadingTo(operations: readonly Operation[], stops: readonly Stop[]): Set<string> {
  const names = new Set(stops.flatMap(({ operation, input }) => allRead(operation)[input]?.name ?? []));
  if (names.size === 0) return names;
  for (const operation of operations.toReversed()) {
    if (isFlat(operation) || !operation.outputs.some(({ name }) => names.has(name))) continue;
    for (const value of allRead(operation)) if (value !== undefined) names.add(value.name);
  }
  return names;
}
