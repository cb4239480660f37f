import type { ShapeRule } from '../../graph/types.js';

/** The shape of the first input. */
export const same: ShapeRule = ({ shapes }) => shapes[0];
