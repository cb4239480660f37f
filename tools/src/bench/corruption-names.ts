import { CORRUPTIONS, type CorruptionName } from '@renorm/eval';

/** The corruptions that `--corruption` names. @throws Error for one that there is not */
export function corruptionNames(
  given: readonly string[] | undefined,
  otherwise: readonly CorruptionName[],
): readonly CorruptionName[] {
  const names = (given ?? otherwise) as readonly CorruptionName[];
  const unknown = names.find((name) => !CORRUPTIONS.includes(name));
  if (unknown === undefined) return names;
  throw new Error(`There is no corruption "${unknown}"; there are ${CORRUPTIONS.join(', ')}.`);
}
