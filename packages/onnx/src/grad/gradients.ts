import { OnnxError } from '../errors.js';
import type { Graph, Operation, Value } from '../graph.js';
import { axisOf } from '../shapes.js';
import { accumulate } from './accumulate.js';
import { RULES } from './rules.js';

/**
 * Writes the gradients of a scalar with respect to some values into the graph.
 *
 * Only operations on a path from a target to the loss get a gradient; frozen parts cost nothing.
 *
 * @returns a gradient for each target that the loss depends on, in the target's shape
 * @throws OnnxError ONNX_OPERATOR_WITHOUT_RULE naming the operator and the node
 */
export function gradients(graph: Graph, loss: Value, targets: readonly Value[]): Map<string, Value> {
  const forward = [...graph.operations];
  const live = reachedFrom(graph, forward, targets);
  const found = new Map<string, Value>([[loss.name, graph.constant(1)]]);
  for (const operation of forward.reverse()) {
    const [output] = operation.outputs;
    const known = output === undefined ? undefined : found.get(output.name);
    if (known === undefined || output === undefined || graph.isStopped(output)) continue;
    // A gradient has the shape of its value, also where no shape rule says so.
    const g = { name: known.name, shape: output.shape ?? known.shape };
    operation.inputs.forEach((input, i) => {
      if (input === undefined || !live.has(input.name)) return;
      const rule = RULES[operation.type]?.[i];
      if (rule === undefined) throw noRule(operation, i);
      const part = unbroadcast(graph, rule(graph, g, operation), input);
      const sofar = found.get(input.name);
      found.set(input.name, sofar === undefined ? part : accumulate(graph, sofar, part));
    });
  }
  return new Map(targets.flatMap(({ name }) => (found.has(name) ? [[name, found.get(name) as Value]] : [])));
}

/** Names of the values that depend on a target. */
function reachedFrom(graph: Graph, operations: readonly Operation[], targets: readonly Value[]): Set<string> {
  const live = new Set(targets.map(({ name }) => name));
  for (const { inputs, outputs } of operations) {
    if (!inputs.some((input) => input !== undefined && live.has(input.name))) continue;
    for (const output of outputs) if (!graph.isStopped(output)) live.add(output.name);
  }
  return live;
}

/** Sums a gradient over the axes along which its value was repeated. */
function unbroadcast(graph: Graph, g: Value, value: Value): Value {
  const { shape } = value;
  if (g.shape === undefined || shape === undefined) return g;
  const rank = g.shape.length;
  const axes = g.shape.flatMap((size, i) => (axisOf(shape, rank, i) === 1 && size !== 1 ? [i] : []));
  const summed = axes.length === 0 ? g : graph.reduceSum(g, axes, true);
  return rank === shape.length ? summed : graph.reshapeLike(summed, value);
}

function noRule({ type, name }: Operation, i: number): OnnxError {
  const known = Object.keys(RULES).sort().join(', ');
  return new OnnxError(
    'ONNX_OPERATOR_WITHOUT_RULE',
    `the gradient would have to pass input ${i} of "${name}", a ${type}, and there is no rule for it. Known are ${known}; CONTRIBUTING.md says how to add one.`,
  );
}
