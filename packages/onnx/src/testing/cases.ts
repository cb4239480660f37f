import type { Case, Cases } from './case.js';
import { activations } from './cases/activations.js';
import { arrange } from './cases/arrange.js';
import { convolution } from './cases/convolution.js';
import { elementwise } from './cases/elementwise.js';
import { indexing } from './cases/indexing.js';
import { linear } from './cases/linear.js';
import { normalization } from './cases/normalization.js';
import { pool } from './cases/pool.js';
import { quantization } from './cases/quantization.js';
import { reduce } from './cases/reduce.js';
import { selection } from './cases/selection.js';
import { shape } from './cases/shape.js';

export type { Case, Constant } from './case.js';

/** The cases of each family of operators, by the name of the family's file. */
export const CASES_OF: Readonly<Record<string, Cases>> = {
  activations,
  arrange,
  convolution,
  elementwise,
  indexing,
  linear,
  normalization,
  pool,
  quantization,
  reduce,
  selection,
  shape,
};

const families = Object.values(CASES_OF);

/** An axis 0 of size 2 is a batch: every case runs once with its size known and once with it open. */
export const CASES: readonly Case[] = families.flatMap(({ fixed }) => fixed);

/** Cases that need no sizes to be known, only the number of axes. */
export const FREE: readonly Case[] = families.flatMap(({ fixed, openSizes }) =>
  openSizes ? fixed.filter(openSizes) : [],
);

/** Cases whose gradient needs the shape of the operator's output. */
export const OUTPUT_SHAPE: readonly Case[] = families.flatMap(({ fixed, needsOutputShape }) =>
  needsOutputShape ? fixed : [],
);

/** Random cases by operator. */
export const ARBITRARIES: Cases['random'] = Object.assign({}, ...families.map(({ random }) => random));

/** Operators with a gradient that lack cases of one kind or all, and why. */
export const WITHOUT: NonNullable<Cases['without']> = Object.assign(
  {},
  ...families.map(({ without }) => without ?? {}),
);
