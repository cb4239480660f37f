/**
 * Values by name, in graph order: for each normalization layer gamma, beta, running mean, running variance.
 * The names stay on each side; only the concatenated values travel, so both sides must hold the same model.
 */
export type ParameterSet = ReadonlyMap<string, Float32Array>;

/** Number of values in all entries. */
export function countElements(parameters: ParameterSet): number {
  let count = 0;
  for (const values of parameters.values()) count += values.length;
  return count;
}

/** All values, one entry after the other. A copy. */
export function concatenate(parameters: ParameterSet): Float32Array {
  const all = new Float32Array(countElements(parameters));
  let offset = 0;
  for (const values of parameters.values()) {
    all.set(values, offset);
    offset += values.length;
  }
  return all;
}

/** Cuts concatenated values into entries with the names and lengths of `like`. `all` has as many values as `like`. */
export function splitLike(like: ParameterSet, all: Float32Array): ParameterSet {
  const parts = new Map<string, Float32Array>();
  let offset = 0;
  for (const [name, values] of like) {
    parts.set(name, all.slice(offset, offset + values.length));
    offset += values.length;
  }
  return parts;
}
