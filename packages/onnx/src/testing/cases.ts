import { ACTIVATIONS } from './cases/activations.js';
import type { Case } from './cases/case.js';
import { ELEMENTWISE } from './cases/elementwise.js';
import { LINEAR } from './cases/linear.js';
import { NORMALIZATION } from './cases/normalization.js';
import { REDUCE } from './cases/reduce.js';
import { SELECTION } from './cases/selection.js';
import { SHAPE } from './cases/shape.js';
import { WINDOW } from './cases/window.js';

export type { Case, Constant } from './cases/case.js';

/** An axis 0 of size 2 is a batch: every case runs once with its size known and once with it open. */
export const CASES: readonly Case[] = [
  ...ELEMENTWISE,
  ...ACTIVATIONS,
  ...LINEAR,
  ...REDUCE,
  ...SHAPE,
  ...SELECTION,
  ...NORMALIZATION,
  ...WINDOW,
];

/** Cases that need no sizes to be known, only the number of axes; slices with steps and resizing to a size do. */
export const FREE: readonly Case[] = [...SHAPE, ...SELECTION, ...REDUCE, ...NORMALIZATION].filter(
  ({ last, operator }) => last.length < 4 && operator !== 'Resize',
);
