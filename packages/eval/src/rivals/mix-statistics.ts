import type { ParameterSet } from '@renorm/protocol';

/**
 * Statistics of the mixture of two populations: mean a m + (1-a) m0, variance a v + (1-a) v0 + a (1-a) (m-m0)^2. Other
 * parameters stay.
 *
 * @param share a, of `measured`
 */
export function mixStatistics(exported: ParameterSet, measured: ParameterSet, share: number): ParameterSet {
  const mixed = new Map(exported);
  for (const [key, m0] of exported) {
    const layer = /^(.*)\/mean$/.exec(key)?.[1];
    const [v0, m, v] = [exported.get(`${layer}/variance`), measured.get(key), measured.get(`${layer}/variance`)];
    if (layer === undefined || v0 === undefined || m === undefined || v === undefined) continue;
    mixed.set(
      key,
      m0.map((value, c) => share * (m[c] as number) + (1 - share) * value),
    );
    mixed.set(
      `${layer}/variance`,
      v0.map(
        (value, c) =>
          share * (v[c] as number) +
          (1 - share) * value +
          share * (1 - share) * ((m[c] as number) - (m0[c] as number)) ** 2,
      ),
    );
  }
  return mixed;
}
