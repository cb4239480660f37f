import type { Graph, Operation, Value } from '../graph.js';

/**
 * The gradient of the loss with respect to one input of an operation.
 *
 * @param graph where its formula is written
 * @param g gradient of the loss with respect to the operation's first output
 * @param operation the operation; `operation.outputs[0]` is its value
 * @returns a gradient in the input's shape, or in the shape that it was broadcast to
 */
export type Rule = (graph: Graph, g: Value, operation: Operation) => Value;

/** A rule for each input that a gradient can flow into, in the order of the inputs. */
export type Rules = Readonly<Record<string, readonly (Rule | undefined)[]>>;

/** An input that must be there. */
export const input = (operation: Operation, i: number): Value => operation.inputs[i] as Value;
export const output = (operation: Operation): Value => operation.outputs[0] as Value;
