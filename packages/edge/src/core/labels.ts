import { RenormError } from '@renorm/protocol';

/** A class among the most probable of a prediction. */
export interface RankedClass {
  /** Its index. */
  readonly label: number;
  /** What it is called; left out where nobody said. */
  readonly name?: string;
  readonly probability: number;
}

/** Classes that a prediction ranks. */
const RANKED = 5;

/** The most probable classes, the first of equals before the others. */
export function ranked(probabilities: Float32Array, names: readonly string[] | undefined): RankedClass[] {
  const best: number[] = [];
  for (let label = 0; label < probabilities.length; label++) {
    const p = probabilities[label] as number;
    let at = best.length;
    while (at > 0 && p > (probabilities[best[at - 1] as number] as number)) at--;
    if (at >= RANKED) continue;
    best.splice(at, 0, label);
    best.length = Math.min(best.length, RANKED);
  }
  return best.map((label) => {
    const name = names?.[label];
    return { label, ...(name !== undefined && { name }), probability: probabilities[label] as number };
  });
}

/** @throws RenormError REQUEST_INVALID: there is not a name for each class */
export function checkLabels(names: readonly string[], classes: number): readonly string[] {
  if (names.length === classes) return names;
  const text = `the option labels names ${names.length} classes, and the model tells ${classes} apart; give a name for each, in the order of their indices.`;
  throw new RenormError('REQUEST_INVALID', text);
}
