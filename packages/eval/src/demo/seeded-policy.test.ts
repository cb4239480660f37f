import { type Observation, policyOf } from '@renorm/edge';
import { test } from 'tap';
import { seededPolicy } from './seeded-policy.js';

/** A prediction on a device whose own draws differ from run to run. */
const observe = (random: number): Observation => ({
  ...{ logits: Float32Array.of(1, 0), probabilities: Float32Array.of(0.7, 0.3) },
  ...{ entropy: 0.6, version: 0, random },
});

function kept(seed: number, random: number): boolean[] {
  const policy = seededPolicy(policyOf({ policy: 'random', share: 0.3 }), seed);
  let state = policy.initial(2);
  return Array.from({ length: 200 }, () => {
    const decision = policy.decide(state, observe(random));
    state = decision.state;
    return decision.upload !== undefined;
  });
}

test('what is uploaded is decided by the seed and not by the device', async (t) => {
  t.same(kept(1, 0), kept(1, 0.99));
  t.notSame(kept(1, 0), kept(2, 0));
  const count = kept(1, 0).filter(Boolean).length;
  t.ok(count > 30 && count < 90, `${count} of 200`);
});
