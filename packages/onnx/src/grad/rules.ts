import type { Value } from '../graph.js';
import { activations } from './activations.js';
import { arrange } from './arrange.js';
import { einsum } from './einsum.js';
import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
import { normalize } from './normalize.js';
import { pool } from './pool.js';
import { quantization } from './quantize.js';
import { reduce } from './reduce.js';
import type { JointRule, Rules } from './rule.js';
import { selection } from './selection.js';
import { shape } from './shape.js';
import { standardizing } from './standardize.js';

/** All rules by operator. An operator is added in its family's file. */
export const RULES: Rules = {
  ...elementwise,
  ...activations,
  ...linear,
  ...pool,
  ...reduce,
  ...shape,
  ...arrange,
  ...einsum,
  ...selection,
  ...normalize,
  ...standardizing,
  ...quantization,
};

/**
 * The rule for an input of an operator, where there is one for the outputs at which gradients arrive: most rules know the first only.
 *
 * @param arriving a gradient for each output, or undefined
 */
export function ruleOf(type: string, i: number, arriving: readonly (Value | undefined)[]): JointRule | undefined {
  const entry = RULES[type];
  if (entry === undefined) return undefined;
  if ('everyOutput' in entry) return entry.everyOutput;
  const rule = 'everyInput' in entry ? entry.everyInput : entry[i];
  const [g, ...others] = arriving;
  if (rule === undefined || g === undefined || others.some((other) => other !== undefined)) return undefined;
  return (graph, _, operation, at) => rule(graph, g, operation, at);
}

/** Whether a gradient can flow into an input of an operator. */
export function hasRule(type: string, i: number): boolean {
  const entry = RULES[type];
  return entry !== undefined && (!Array.isArray(entry) || entry[i] !== undefined);
}

/** Operators with a rule, sorted: what a gradient can pass. */
export const differentiableOperators = (): string[] => Object.keys(RULES).sort();
