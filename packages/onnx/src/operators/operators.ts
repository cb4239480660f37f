import type { Operation, Value } from '../graph/types.js';
import { activations } from './activations.js';
import { arrangements } from './arrange.js';
import { convolutions } from './convolution.js';
import { elementwise } from './elementwise.js';
import { flats } from './flat.js';
import { indexing } from './indexing.js';
import { linear } from './linear.js';
import { normalizations } from './normalization.js';
import type { Family, JointRule, Operator } from './operator.js';
import { pools } from './pool.js';
import { quantizations } from './quantization.js';
import { recurrents } from './recurrent.js';
import { reductions } from './reduce.js';
import { selections } from './selection.js';
import { shapes } from './shape.js';

/**
 * Families by the name of their file, which is that of their cases in testing/cases too. An operator is added in its
 * family's file.
 */
export const FAMILIES: Readonly<Record<string, Family>> = {
  activations,
  arrange: arrangements,
  convolution: convolutions,
  elementwise,
  flat: flats,
  indexing,
  linear,
  normalization: normalizations,
  pool: pools,
  quantization: quantizations,
  recurrent: recurrents,
  reduce: reductions,
  selection: selections,
  shape: shapes,
};

const ALL: ReadonlyMap<string, Operator> = new Map(Object.values(FAMILIES).flatMap((family) => Object.entries(family)));

/** All that is known of an operator of the default domain; undefined where nothing is. */
export const operatorOf = ({ type, domain = '' }: Pick<Operation, 'type' | 'domain'>): Operator | undefined =>
  domain === '' ? ALL.get(type) : undefined;

/**
 * The rule for an input of an operator, where there is one for the outputs at which gradients arrive: most rules know
 * the first only.
 *
 * @param arriving a gradient for each output, or undefined
 */
export function ruleOf(
  operation: Pick<Operation, 'type' | 'domain'>,
  i: number,
  arriving: readonly (Value | undefined)[],
): JointRule | undefined {
  const rules = operatorOf(operation)?.gradient;
  if (rules === undefined) return undefined;
  if ('everyOutput' in rules) return rules.everyOutput;
  const rule = 'everyInput' in rules ? rules.everyInput : rules[i];
  const [g, ...others] = arriving;
  if (rule === undefined || g === undefined || others.some((other) => other !== undefined)) return undefined;
  return (graph, _, operation, at) => rule(graph, g, operation, at);
}

/** Whether a gradient can flow into an input of an operator. */
export function hasRule(operation: Pick<Operation, 'type' | 'domain'>, i: number): boolean {
  const rules = operatorOf(operation)?.gradient;
  return rules !== undefined && (!Array.isArray(rules) || rules[i] !== undefined);
}

/** Whether no gradient flows through an operation because its value does not change with its inputs, or in steps. */
export function isFlat(operation: Pick<Operation, 'type' | 'domain' | 'attributes'>): boolean {
  const flat = operatorOf(operation)?.flat;
  return typeof flat === 'function' ? flat(operation) : flat === true;
}

/** Whether an operation looks at an input for its type alone. */
export const isTypeOnly = (operation: Pick<Operation, 'type' | 'domain'>, i: number): boolean =>
  operatorOf(operation)?.typeOnly === i;

/** Operators with a rule, sorted: what a gradient can pass. */
export const differentiableOperators = (): string[] =>
  [...ALL].flatMap(([name, { gradient }]) => (gradient === undefined ? [] : [name])).sort();
