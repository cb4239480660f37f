import { MemoryStore, OPEN_GATE, openTraining, type Training, type TrainingSetup } from '@renorm/cloud/internal';

/** As for `openTraining`, without what an evaluation has in common. */
export type MethodSetup = Omit<TrainingSetup, 'store' | 'clock' | 'onProblem'>;

/**
 * Opens what adapts streams: training as it ships, over a store in memory. It rests when there is nothing new to train
 * on, and its clock moves by a millisecond whenever it is asked, so that the same samples make the same versions.
 *
 * @throws OnnxError, RenormError REQUEST_INVALID
 */
export function openMethod(setup: MethodSetup): Promise<Training> {
  let now = 0;
  return openTraining({
    // Methods as their papers have them, without the gate that a cloud puts behind each.
    gate: OPEN_GATE,
    ...setup,
    adaptation: { ...setup.adaptation, idleReplay: false },
    store: new MemoryStore(),
    clock: { now: () => now++, date: () => now },
    onProblem(error) {
      throw error;
    },
  });
}
