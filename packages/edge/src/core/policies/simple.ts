import { RenormError } from '@renorm/protocol';
import type { SelectionPolicy } from '../selection-policy.js';

/** Uploads every sample: for links that have the room, and to compare with. */
export const everything = (): SelectionPolicy<undefined> => ({
  name: 'everything',
  initial: () => undefined,
  decide: (state) => ({ state, upload: {}, reason: 'kept' }),
});

/** Uploads nothing: the device only takes versions. */
export const nothing = (): SelectionPolicy<undefined> => ({
  name: 'nothing',
  initial: () => undefined,
  decide: (state) => ({ state, reason: 'nothing' }),
});

/** A share of all samples. */
export interface ShareOptions {
  /** From 0 to 1. Default 0.1. */
  readonly share?: number;
}

/** Uploads a share of the samples, drawn at random: what is uploaded looks like what is seen. */
export function random({ share = 0.1 }: ShareOptions = {}): SelectionPolicy<undefined> {
  return {
    name: 'random',
    initial: () => checkShare(share),
    decide: (state, { random: drawn }) =>
      drawn < share ? { state, upload: {}, reason: 'drawn' } : { state, reason: 'not-drawn' },
  };
}

/** Entropies of the last predictions, in the order in which they came. */
export type RecentEntropies = readonly number[];

/** Over how many predictions "the most uncertain" is meant: a few minutes of a camera's, so that it follows the day. */
const RECENT = 256;

/**
 * Uploads the share of the samples about which the model is least certain, among the last 256. The score is the entropy
 * in nats.
 */
export function uncertain({ share = 0.1 }: ShareOptions = {}): SelectionPolicy<RecentEntropies> {
  return {
    name: 'uncertain',
    initial: () => checkShare(share) ?? [],
    decide(recent, { entropy }) {
      // Logits that overflowed: nothing to learn from them.
      if (!Number.isFinite(entropy)) return { state: recent, reason: 'not-finite' };
      const others = recent.slice(1 - RECENT);
      const above = others.reduce((count, other) => count + (other >= entropy ? 1 : 0), 0);
      const state = [...others, entropy];
      return above < share * state.length
        ? { state, upload: { score: entropy }, reason: 'uncertain' }
        : { state, reason: 'certain' };
    },
  };
}

function checkShare(share: number): undefined {
  if (share >= 0 && share <= 1) return undefined;
  throw new RenormError(
    'REQUEST_INVALID',
    `the selection option share is ${share}; it has to be a number from 0 to 1, for example 0.1.`,
  );
}
