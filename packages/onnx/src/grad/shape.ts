import type { Rule, Rules } from './rule.js';
import { input } from './rule.js';

/** The elements stay, their arrangement goes back. */
const restore: Rule = (graph, g, op) => graph.reshapeLike(g, input(op, 0));

export const shape: Rules = {
  Flatten: [restore],
  Reshape: [restore],
  Squeeze: [restore],
  Unsqueeze: [restore],
  Transpose: [
    (graph, g, op) => {
      const rank = input(op, 0).shape?.length ?? 0;
      const perm =
        (op.attributes.perm as readonly number[] | undefined) ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
      return graph.transpose(
        g,
        perm.map((_, axis) => perm.indexOf(axis)),
      );
    },
  ],
};
