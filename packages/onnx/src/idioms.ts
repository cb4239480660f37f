import { half } from './grad/masks.js';
import { scalarIn } from './grad/sizes.js';
import type { Graph, Operation, Value } from './graph.js';

/**
 * An activation that an exporter wrote in several operators, as one operation for its gradient, which has a formula of its own with fewer
 * passes over memory.
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

/** x (1 + erf(x / sqrt(2))) / 2, with the half before, in the middle or behind */
function gelu(graph: Graph, a: Value, b: Value): Value | undefined {
  const outer = scalarIn(graph, b);
  const product = outer === undefined ? undefined : made(graph, a, 'Mul');
  const [left, right] = product?.inputs ?? [a, b];
  if (left === undefined || right === undefined) return undefined;
  const found = halfGelu(graph, left, right, outer ?? 1) ?? halfGelu(graph, right, left, outer ?? 1);
  if (found === undefined) return undefined;
  // Written anew in the terms of its gradient, which has the error function then for nothing.
  const cumulative = half(graph, graph.op('Erf', [graph.scale(found, Math.SQRT1_2)]));
  return graph.standFor('Gelu', [found], {}, graph.mul(found, cumulative));
}

/** @returns x, where one factor is c x and the other 1 + erf(x / sqrt(2)), with c times `outer` a half */
function halfGelu(graph: Graph, one: Value, sum: Value, outer: number): Value | undefined {
  const add = made(graph, sum, 'Add');
  const erf = add?.inputs.map((input) => input && made(graph, input, 'Erf')).find((found) => found !== undefined);
  const shift = add?.inputs.map((input) => input && scalarIn(graph, input)).find((found) => found !== undefined);
  const inner = erf?.inputs[0];
  if (inner === undefined || shift !== 1) return undefined;
  const scaled = factorOf(graph, inner);
  const x = [{ value: one, factor: 1 }, factorOf(graph, one)].find((each) => each?.value.name === scaled?.value.name);
  if (x === undefined || scaled === undefined) return undefined;
  return near(scaled.factor, Math.SQRT1_2) && near(x.factor * outer, 0.5) ? x.value : undefined;
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
