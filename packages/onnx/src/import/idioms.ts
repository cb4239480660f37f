import type { Graph } from '../graph/graph.js';
import type { Operation, Value } from '../graph/types.js';
import { scalarIn } from '../operators/formulas/constants.js';
import { half } from '../operators/formulas/masks.js';

/**
 * An activation that an exporter wrote in several operators, as one operation for its gradient, which has a formula of
 * its own with fewer passes over memory.
 *
 * @param operation the last of the operators
 * @returns what its readers read instead, undefined where it is no such activation
 */
export function idiom(graph: Graph, operation: Operation): Value | undefined {
  if (operation.type !== 'Mul') return undefined;
  const [a, b] = operation.inputs;
  const [y] = operation.outputs;
  if (a === undefined || b === undefined || y === undefined) return undefined;
  return swish(graph, a, b, y) ?? swish(graph, b, a, y) ?? gelu(graph, a, b) ?? gelu(graph, b, a);
}

/** x sigmoid(x) */
function swish(graph: Graph, x: Value, gate: Value, y: Value): Value | undefined {
  const sigmoid = made(graph, gate, 'Sigmoid');
  return sigmoid?.inputs[0]?.name === x.name ? graph.standFor('Swish', [x], {}, y) : undefined;
}

/** x (1 + erf(x / sqrt(2))) / 2, the half wherever exporters put it */
function gelu(graph: Graph, a: Value, b: Value): Value | undefined {
  const outer = scalarIn(graph, b);
  const product = outer === undefined ? undefined : made(graph, a, 'Mul');
  const [left, right] = product?.inputs ?? [a, b];
  if (left === undefined || right === undefined) return undefined;
  const x = gated(graph, left, right, outer ?? 1) ?? gated(graph, right, left, outer ?? 1);
  if (x === undefined) return undefined;
  // Written anew in the terms of its gradient, which has the error function then for nothing.
  const cumulative = half(graph, graph.op('Erf', [graph.scale(x, Math.SQRT1_2)]));
  return graph.standFor('Gelu', [x], {}, graph.mul(x, cumulative));
}

/** @returns x, where one is c x and the other d (1 + erf(x / sqrt(2))), and c d `outer` is a half */
function gated(graph: Graph, one: Value, other: Value, outer: number): Value | undefined {
  const gate = { value: other, factor: 1 };
  for (const { value, factor } of [gate, factorOf(graph, other) ?? gate]) {
    const add = made(graph, value, 'Add');
    const erf = add?.inputs.map((input) => input && made(graph, input, 'Erf')).find((found) => found !== undefined);
    const shift = add?.inputs.map((input) => input && scalarIn(graph, input)).find((found) => found !== undefined);
    const scaled = erf?.inputs[0] === undefined ? undefined : factorOf(graph, erf.inputs[0]);
    if (scaled === undefined || shift !== 1 || !near(scaled.factor, Math.SQRT1_2)) continue;
    const candidates = [{ value: one, factor: 1 }, factorOf(graph, one)];
    const x = candidates.find((each) => each?.value.name === scaled.value.name);
    if (x !== undefined && near(x.factor * factor * outer, 0.5)) return x.value;
  }
  return undefined;
}

/** What is multiplied or divided by a constant, and the factor. */
function factorOf(graph: Graph, value: Value): { value: Value; factor: number } | undefined {
  const operation = graph.producer(value);
  const [a, b] = operation?.inputs ?? [];
  if (a === undefined || b === undefined) return undefined;
  const [left, right] = [scalarIn(graph, a), scalarIn(graph, b)];
  if (operation?.type === 'Div' && right !== undefined) return { value: a, factor: 1 / right };
  if (operation?.type !== 'Mul') return undefined;
  if (right !== undefined) return { value: a, factor: right };
  return left === undefined ? undefined : { value: b, factor: left };
}

/** Constants are written in float32. */
const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6;

function made(graph: Graph, value: Value, type: string): Operation | undefined {
  const operation = graph.producer(value);
  return operation?.type === type ? operation : undefined;
}
