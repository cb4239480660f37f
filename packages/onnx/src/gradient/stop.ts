import { OnnxError } from '../errors.js';
import type { Operation } from '../graph/types.js';
import { differentiableOperators } from '../operators/operators.js';
import type { Gradients, Stop } from './found.js';

/** More names than this are counted. */
const NAMED = 12;

export function withoutRule({ type, name }: Operation, input: number | string): OnnxError {
  return new OnnxError(
    'ONNX_OPERATOR_WITHOUT_RULE',
    `the gradient would have to pass ${typeof input === 'number' ? `input ${input}` : input} of "${name}", a ${type}, and there is no rule for it.`,
  );
}

/** The error for the first operation that the gradient cannot pass, with what would learn without it. */
export function firstStop(found: Gradients): OnnxError {
  const { reason } = found.stops[0] as Stop;
  const partial = new Set(found.partial.map(({ name }) => name));
  const whole = [...found.keys()].filter((name) => !partial.has(name));
  const rest = whole.length > NAMED ? ` and ${whole.length - NAMED} more` : '';
  const learn =
    whole.length === 0 ? 'No parameter would' : `Only ${whole.slice(0, NAMED).join(', ')}${rest} would still`;
  const known =
    reason.code === 'ONNX_OPERATOR_WITHOUT_RULE'
      ? ` Known are ${differentiableOperators().join(', ')}; docs/add-an-operator.md says how to add one.`
      : '';
  return new OnnxError(reason.code, `${reason.text} ${learn} learn without it.${known}`, { cause: reason });
}
