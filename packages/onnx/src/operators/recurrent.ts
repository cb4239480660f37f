import type { ShapesRule } from '../graph/types.js';
import type { Family, Operator } from './operator.js';
import { number, text } from './semantics/attributes.js';

/** The states of all steps, and of the last: [steps, directions, batch, hidden] and [directions, batch, hidden]. */
const states: ShapesRule = (context) => {
  const [x, , recurrence] = context.shapes;
  if (x === undefined) return [];
  const directions = text(context, 'direction', 'forward') === 'bidirectional' ? 2 : 1;
  const hidden = number(context, 'hidden_size', 0) || recurrence?.[2];
  const [steps, batch] = number(context, 'layout', 0) === 0 ? [x[0], x[1]] : [x[1], x[0]];
  const last = number(context, 'layout', 0) === 0 ? [directions, batch, hidden] : [batch, directions, hidden];
  const all =
    number(context, 'layout', 0) === 0 ? [steps, directions, batch, hidden] : [batch, steps, directions, hidden];
  return [all, last, last];
};

/** Kept frozen: no gradient passes, and layers before them do not learn. */
const recurrent: Operator = { shapes: states, floats: ['activation_alpha', 'activation_beta', 'clip'] };

/** What goes over a sequence step by step. */
export const recurrents: Family = { LSTM: recurrent, GRU: recurrent, RNN: recurrent };
