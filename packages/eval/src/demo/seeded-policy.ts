import type { SelectionPolicy } from '@renorm/edge';
import { nextDraw } from '@renorm/protocol';

interface Seeded {
  readonly inner: unknown;
  readonly random: number;
}

/** A policy whose draws come from a seed instead of from the device: the same stream, the same uploads. */
export function seededPolicy(policy: SelectionPolicy, seed: number): SelectionPolicy<Seeded> {
  return {
    name: policy.name,
    initial: (classes) => ({ inner: policy.initial(classes), random: seed }),
    decide({ inner, random }, observation) {
      const drawn = nextDraw(random);
      const decision = policy.decide(inner, { ...observation, random: drawn.value });
      return { ...decision, state: { inner: decision.state, random: drawn.state } };
    },
  };
}
