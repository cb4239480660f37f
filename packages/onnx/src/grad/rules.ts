import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
import { normalize } from './normalize.js';
import { pool } from './pool.js';
import { reduce } from './reduce.js';
import type { Rules } from './rule.js';
import { shape } from './shape.js';

/** All rules by operator. An operator is added in its family's file. */
export const RULES: Rules = { ...elementwise, ...linear, ...pool, ...reduce, ...shape, ...normalize };

/** Operators with a rule, sorted: what a gradient can pass. */
export const differentiableOperators = (): string[] => Object.keys(RULES).sort();
