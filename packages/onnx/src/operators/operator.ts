import { OnnxError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import type { Operation, OperatorFacts, Value } from '../graph/types.js';
import { number } from './semantics/attributes.js';
import { fromFront } from './semantics/axis.js';

/**
 * The gradient of the loss with respect to one input of an operation.
 *
 * @param graph where its formula is written
 * @param g gradient of the loss with respect to the operation's first output
 * @param operation the operation; `operation.outputs[0]` is its value
 * @param i which input, for operators whose inputs are all alike
 * @returns a gradient in the input's shape, or in the shape that it was broadcast to
 * @throws OnnxError ONNX_UNSUPPORTED: not for these attributes or shapes
 */
export type Rule = (graph: Graph, g: Value, operation: Operation, i: number) => Value;

/**
 * The same for an operator with several outputs: a gradient for each, undefined where the loss does not depend on it.
 */
export type JointRule = (
  graph: Graph,
  gradients: readonly (Value | undefined)[],
  operation: Operation,
  i: number,
) => Value;

/** One rule for each input that a gradient can flow into, one for all inputs, or one for all outputs. */
export type GradientRules =
  | readonly (Rule | undefined)[]
  | { readonly everyInput: Rule }
  | { readonly everyOutput: JointRule };

/** All that is known of an operator. */
export interface Operator extends OperatorFacts {
  readonly gradient?: GradientRules;
  /**
   * Inputs that are repeated along each other's axes. together: the output has the shape of them all. apart: each is
   * repeated, and the output has another shape, as of MatMul.
   */
  readonly broadcasts?: 'together' | 'apart';
  /** No gradient flows: the value does not change with the inputs, or in steps. */
  readonly flat?: true | ((operation: Pick<Operation, 'attributes'>) => boolean);
  /** Index of an input that is looked at for its type alone. */
  readonly typeOnly?: number;
  /** Puts the elements of its first input in another order, and does nothing else. */
  readonly rearranges?: true;
}

/** Operators by name, of one family. */
export type Family = Readonly<Record<string, Operator>>;

/** One entry for many operators. */
export const alike = (names: string, operator: Operator): Family =>
  Object.fromEntries(names.split(' ').map((name) => [name, operator]));

/** An input that must be there. */
export const input = (operation: Operation, i: number): Value => operation.inputs[i] as Value;
export const output = (operation: Operation): Value => operation.outputs[0] as Value;

/** An operation whose gradient we cannot write, and what to do. */
export function unsupported({ type, name }: Operation, cause: string, remedy: string): OnnxError {
  return new OnnxError('ONNX_UNSUPPORTED', `the gradient of "${name}", a ${type}, ${cause}; ${remedy}.`);
}

/** Number of axes of an input. @throws OnnxError ONNX_UNSUPPORTED: it is not known */
export function rankOf(operation: Operation, i = 0): number {
  const { name, shape } = input(operation, i);
  if (shape !== undefined) return shape.length;
  throw unsupported(
    operation,
    `depends on the number of axes of "${name}", which is not known`,
    'write shapes into the model with onnx.shape_inference.infer_shapes',
  );
}

/** An axis attribute, counted from the front. */
export function axisFrom(operation: Operation, fallback: number, i = 0): number {
  const axis = number(operation, 'axis', fallback);
  return axis < 0 ? fromFront(axis, rankOf(operation, i)) : axis;
}
