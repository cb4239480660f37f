import type { ParameterSet } from '@renorm/protocol';

const isAffine = (key: string): boolean => key.endsWith('/gamma') || key.endsWith('/beta');

/**
 * Statistics of one set of parameters, and scale and shift of both: a share of `affines`, and of `statistics` the rest.
 * So a candidate of any eagerness lies on a line between what was settled and what was learnt (Wortsman et al. 2022,
 * model soups).
 */
export function withAffines(statistics: ParameterSet, affines: ParameterSet, share = 1): ParameterSet {
  return new Map(
    [...statistics].map(([key, values]) => {
      const other = affines.get(key);
      if (!isAffine(key) || other === undefined) return [key, values];
      return [key, values.map((value, i) => value + share * ((other[i] as number) - value))];
    }),
  );
}
