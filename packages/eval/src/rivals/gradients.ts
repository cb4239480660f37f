import type { ParameterSet } from '@renorm/protocol';

/** The sum of gradients of the same parameters. */
export const added = (a: ParameterSet, b: ParameterSet): ParameterSet =>
  new Map([...a].map(([key, values]) => [key, values.map((value, i) => value + (b.get(key)?.[i] ?? 0))]));
