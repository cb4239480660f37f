import { encodeSample, exportedVersion, type ParameterSet, RenormError } from '@renorm/protocol';
import { Cohorts } from '../store/cohorts.js';
import { Fields, pack } from '../store/fields.js';
import type { Store } from '../store/store.js';
import type { Batches, LogView, Plan, Strategy, StrategyStep, Work } from '../strategy/strategy.js';
import { TrainingLoop } from './training-loop.js';

interface Count {
  readonly steps: number;
  /** Sum of all values learnt from: the same whatever the order, another if one is learnt from twice. */
  readonly sum: number;
}

/** Samples for one step. */
export const PER_STEP = 4;

const SHAPE = [2];
const parametersOf = (sum: number): ParameterSet => new Map([['bn/beta', Float32Array.of(sum, -sum)]]);

/**
 * A strategy that adds up what it gets: what was learnt from can be read from its version. Refuses a step with a value
 * of 13.
 */
export class CountingStrategy implements Strategy<Count> {
  readonly name = 'counting';

  initial(): Count {
    return { steps: 0, sum: 0 };
  }

  work({ received, trained }: LogView): Work {
    return received - trained >= PER_STEP ? 'fresh' : 'none';
  }

  plan(state: Count, { received, trained }: LogView): Plan<Count> | undefined {
    if (received - trained < PER_STEP) return undefined;
    const fresh = Array.from({ length: PER_STEP }, (_, i) => trained + i);
    return { kind: 'fresh', fresh, replay: [], trained: trained + PER_STEP, state };
  }

  async step({ state }: Plan<Count>, { fresh }: Batches): Promise<StrategyStep<Count>> {
    const values = [...fresh.data].filter((_, i) => i % 2 === 0);
    if (values.includes(13)) throw new RenormError('TRAINER_FAILED', 'a step on 13 fails.');
    const next = { steps: state.steps + 1, sum: state.sum + values.reduce((a, b) => a + b, 0) };
    return { state: next, steps: next.steps, parameters: parametersOf(next.sum), samples: fresh.count };
  }

  restart(state: Count, parameters: ParameterSet): Count {
    return { ...state, sum: parameters.get('bn/beta')?.[0] ?? 0 };
  }

  encode(state: Count): Uint8Array {
    return pack(state);
  }

  decode(bytes: Uint8Array): Count {
    const record = Fields.unpack(bytes, 'the count');
    return { steps: record.count('steps'), sum: record.integer('sum') };
  }

  keepFrom(trained: number): number {
    return trained;
  }

  async release(): Promise<void> {}
}

/** A loop over a store, with a clock that moves by a millisecond each time it is asked. */
export function countingLoop(store: Store) {
  const exported = exportedVersion(parametersOf(0));
  const cohorts = new Cohorts(store, { exported });
  const problems: RenormError[] = [];
  let now = 0;
  const loop = new TrainingLoop({
    ...{ strategy: new CountingStrategy(), cohorts, exported, sampleShape: SHAPE, classes: 2 },
    edgeLogits: async (parameters, { count }) =>
      Float32Array.from({ length: count * 2 }, (_, i) => parameters.get('bn/beta')?.[i % 2] ?? 0),
    publishing: { everySteps: 1, idleIntervalMs: 5_000, divergence: 0.002 },
    clock: { now: () => ++now, date: () => 1 },
    onProblem: (error) => problems.push(error),
  });
  return { cohorts, loop, problems };
}

const sequences = new Map<string, number>();

/** Uploads one sample for each value. */
export async function upload(cohorts: Cohorts, cohort: string, values: readonly number[]): Promise<void> {
  const first = sequences.get(cohort) ?? 1;
  sequences.set(cohort, first + values.length);
  const samples = values.map((value, i) => ({
    ...encodeSample({ data: Float32Array.of(value, 0), shape: SHAPE }),
    sequence: first + i,
  }));
  await cohorts.append({ cohort, device: 'device-1', session: '0'.repeat(32), samples });
}
