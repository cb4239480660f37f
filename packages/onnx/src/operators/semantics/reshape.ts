import type { Dim, Facts, Shape, ShapeRule, Value } from '../../graph/types.js';
import { product } from './axis.js';

/** The sizes that a target of Reshape asks for: 0 keeps a size, unless `allowzero`; -1 is what is left, and stays. */
export const asked = (target: Shape, from: Shape | undefined, allowzero: boolean): Dim[] =>
  target.map((size, i) => (size === 0 && !allowzero ? from?.[i] : size));

/** The shape that Reshape gives: 0 keeps a size, -1 is what is left. */
export const reshaped: ShapeRule = ({ graph, inputs, shapes: [from], attributes }) => {
  const target = inputs[1];
  if (target === undefined) return undefined;
  const producer = graph.producer(target);
  if (producer?.type === 'Shape' && producer.attributes.start === undefined) return producer.inputs[0]?.shape;
  const given = graph.integers(target);
  if (given === undefined) return undefined;
  const keeps = attributes.allowzero !== 1;
  const sizes = asked(given, from, !keeps);
  const left = sizes.indexOf(-1);
  if (left < 0) return sizes;
  const kept = sizes.map((size, i) => keepsBatch(graph, inputs[0], from, target, size, i) || (given[i] === 0 && keeps));
  const others = sizes.filter((_, i) => i !== left && !kept[i]);
  const rest = product(from?.filter((_, i) => !kept[i]));
  const divisor = product(others);
  const size = rest === undefined || divisor === undefined ? undefined : rest / divisor;
  return sizes.map((known, i) => (i === left ? size : known));
};

/**
 * Whether axis 0 is kept although its size is open: the target's first element was read from the shape of what is
 * reshaped, as exporters write x.flatten(2).
 */
function keepsBatch(
  graph: Facts,
  value: Value | undefined,
  from: Shape | undefined,
  target: Value,
  size: number | undefined,
  i: number,
): boolean {
  if (i !== 0 || size !== undefined || value === undefined || from?.[0] !== undefined) return false;
  let at: Value | undefined = target;
  for (let steps = 0; at !== undefined && steps < 8; steps++) {
    const operation = graph.producer(at);
    if (operation === undefined) return false;
    if (operation.type === 'Shape') return operation.inputs[0]?.name === value.name;
    const first = operation.type !== 'Gather' && operation.type !== 'Slice';
    if (!first && graph.integers(operation.inputs[1])?.[0] !== 0) return false;
    at = operation.inputs[0];
  }
  return false;
}
