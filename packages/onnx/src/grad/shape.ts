import type { Rule, Rules } from './rule.js';
import { input, list, rankOf } from './rule.js';

/** The elements stay, their arrangement goes back. */
const restore: Rule = (graph, g, op) => graph.reshapeLike(g, input(op, 0));

export const shape: Rules = {
  Flatten: [restore],
  Reshape: [restore],
  Squeeze: [restore],
  Unsqueeze: [restore],
  Transpose: [
    (graph, g, op) => {
      const perm = list(op, 'perm') ?? Array.from({ length: rankOf(op) }, (_, i) => rankOf(op) - 1 - i);
      return graph.transpose(
        g,
        perm.map((_, axis) => perm.indexOf(axis)),
      );
    },
  ],
};
