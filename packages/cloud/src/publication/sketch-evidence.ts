import type { Outlook } from '@renorm/protocol';
import type { ReceivedSketch } from '../models/training-samples.js';
import { normalizedEntropy } from './evidence.js';

/** Limits, as shares of ln C. See HeldOutGate. */
export interface OutlookLimits {
  readonly lessSure: number;
  readonly collapse: number;
}

/**
 * Why a version that normalises by what some sketches have measured would be worse than the one that devices run;
 * undefined where it would not. A sketch cannot be predicted anew, but its device has seen its images both ways: by the
 * version that it ran, and normalised by themselves, which a version of statistics comes near to.
 */
export function worseBySketches(sketches: readonly ReceivedSketch[], limits: OutlookLimits): string | undefined {
  const served = summed(sketches.map(({ sketch }) => sketch.served));
  const batch = summed(sketches.map(({ sketch }) => sketch.batch));
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  if (batch.balance < limits.collapse * served.balance)
    return `normalised by themselves, images go into few classes: the entropy of how many go into each is ${percent(batch.balance)} of the largest, ${percent(served.balance)} before`;
  if (batch.entropy > served.entropy + limits.lessSure)
    return `normalised by themselves, images are predicted with ${percent(batch.entropy)} of the largest entropy, ${percent(served.entropy)} before`;
  return undefined;
}

/** Entropy of the predictions, and of how many images go into each class, as shares of ln C. */
function summed(outlooks: readonly Outlook[]): { readonly entropy: number; readonly balance: number } {
  const counts = new Float64Array(outlooks[0]?.predicted.length ?? 0);
  let [images, entropy] = [0, 0];
  for (const { predicted, entropy: mean } of outlooks) {
    const count = predicted.reduce((sum, each) => sum + each, 0);
    for (const [c, each] of predicted.entries()) counts[c] = (counts[c] as number) + each;
    images += count;
    entropy += count * mean;
  }
  return {
    entropy: entropy / images / Math.log(counts.length),
    balance: normalizedEntropy(counts.map((c) => c / images)),
  };
}
