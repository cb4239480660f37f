import type { Attributes, Operation, Value } from './types.js';

/**
 * The lists that rules work out are of integers; where a model's sizes contradict each other, they can come to
 * anything.
 */
export function checkLists(type: string, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value !== 'object' || value.every(Number.isSafeInteger)) continue;
    throw new RangeError(`${name} of a ${type} would be [${value}]`);
  }
}

/** The same for two operations that compute the same. */
export const keyOf = (type: string, inputs: readonly (Value | undefined)[], attributes: Attributes): string =>
  `${type}(${inputs.map((input) => input?.name ?? '')})${JSON.stringify(attributes)}`;

/** Whether an operation is what its type, inputs and attributes say, so that another like it has the same value. */
export const isPlain = ({ type, outputs, domain, value, raw, attributes }: Operation): boolean =>
  type !== 'Identity' &&
  outputs.length === 1 &&
  !domain &&
  value === undefined &&
  (raw === undefined || raw.length === Object.keys(attributes).length);
