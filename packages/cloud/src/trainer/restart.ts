import type { ParameterSet } from '@renorm/protocol';
import type { Checkpoint } from '../store/cohorts.js';
import { Fields, pack } from '../store/fields.js';
import type { Strategy } from '../strategy/strategy.js';

type Kept = Pick<Checkpoint, 'strategy' | 'state'>;

/**
 * Stands in a checkpoint where else a strategy's name does: training begins anew from what devices run, as after a
 * rollback.
 */
const RESTART = 'restart';

/** What is to be kept so that the next trainer begins anew. @param before what was kept before */
export function restartRecord(before: Kept | undefined): Kept {
  const { strategy, state } = before ?? { strategy: '', state: new Uint8Array() };
  return { strategy: RESTART, state: strategy === RESTART ? state : pack({ strategy, state }) };
}

/**
 * The state that a checkpoint stands for. Another strategy's state is of no use: then this one begins from what devices
 * run.
 *
 * @param running the edge model's parameters in the newest version
 * @throws RenormError DATA_DAMAGED
 */
export function stateOf<State>(strategy: Strategy<State>, kept: Kept, seed: number, running: ParameterSet): State {
  if (kept.strategy === strategy.name) return strategy.decode(kept.state);
  const before = kept.strategy === RESTART ? Fields.unpack(kept.state, 'the checkpoint of a rollback') : undefined;
  const state =
    before?.text('strategy') === strategy.name ? strategy.decode(before.bytes('state')) : strategy.initial(seed);
  return strategy.restart(state, running);
}

/** What a cohort's draws begin with: the same on every machine. */
export const seedOf = (cohort: string): number =>
  [...cohort].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 1);
