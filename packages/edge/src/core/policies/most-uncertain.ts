/** What the least sure predictions of late are. Never changed in place. */
export interface MostUncertain {
  /** How much each of the latest predictions was worth, the oldest first. */
  readonly worths: readonly number[];
  /** Share of the latest chosen ones that each class was predicted of; empty before the first. */
  readonly chosen: Float64Array;
  /** Chosen ones that are still due. */
  readonly due: number;
}

/** Over how many predictions "the least sure" is meant: ten seconds of a camera, so that it follows its environment. */
const RECENT = 256;
/** So many are waited for at most; then any prediction will do. */
const MOST_DUE = 4;
/** Share of the old value when another is chosen: some twenty count. */
const MOMENTUM = 0.95;

export const initialMostUncertain = (): MostUncertain => ({ worths: [], chosen: new Float64Array(), due: 0 });

/**
 * Looks at a prediction: whether it is among the share of the latest ones that are worth most. Worth is the entropy,
 * divided by how often its class has been chosen of late, against 1 for as often as any other: one class that is always
 * hard does not take all there is.
 *
 * @param share of the predictions that may be chosen
 */
export function amongMostUncertain(
  state: MostUncertain,
  { entropy, probabilities }: { readonly entropy: number; readonly probabilities: Float32Array },
  share: number,
): { readonly state: MostUncertain; readonly label: number; readonly among: boolean } {
  const label = bestOf(probabilities);
  const crowd = (state.chosen[label] ?? 0) * probabilities.length;
  const worth = entropy / (1 + crowd);
  const others = state.worths.slice(1 - RECENT);
  const above = others.reduce((count, other) => count + (other > worth ? 1 : 0), 0);
  const due = Math.min(MOST_DUE, state.due + share);
  const next = { ...state, worths: [...others, worth], due };
  // A little wider than the share, so that what is due is found.
  const among = above < Math.max(1, 1.5 * share * next.worths.length);
  return { state: next, label, among: due >= MOST_DUE || (due >= 1 && among) };
}

function bestOf(probabilities: Float32Array): number {
  let best = 0;
  for (let c = 1; c < probabilities.length; c++)
    if ((probabilities[c] as number) > (probabilities[best] as number)) best = c;
  return best;
}

/** It was chosen. @param label its most probable class, of so many */
export function choose(state: MostUncertain, label: number, classes: number): MostUncertain {
  const chosen = Float64Array.from(
    { length: classes },
    (_, c) => MOMENTUM * (state.chosen[c] ?? 0) + (c === label ? 1 - MOMENTUM : 0),
  );
  return { ...state, chosen, due: state.due - 1 };
}
