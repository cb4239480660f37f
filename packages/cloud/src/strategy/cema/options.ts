import { RenormError } from '@renorm/protocol';

/**
 * Every constant of the adaptation. The defaults are those of CEMA's public configuration (Chen et al., ICLR 2024,
 * arXiv 2402.17316).
 */
export interface AdaptationOptions {
  /** New samples for one step. */
  readonly samplesPerStep: number;
  /** Samples drawn from the replay buffer and added to the new ones for the distillation. */
  readonly replaySamplesPerStep: number;
  /** The replay buffer is drawn from once it holds this many samples. */
  readonly replayStartsAt: number;
  /** The replay buffer keeps the latest samples, this many. */
  readonly replayCapacity: number;
  /** Whether replayed samples alone train the edge model while no new ones are ready. */
  readonly idleReplay: boolean;
  /** Samples of one idle step. */
  readonly idleReplayBatch: number;
  /** Most idle steps between two steps with new samples. The method has no limit; a limit lets a quiet cloud rest. */
  readonly idleReplaySteps: number;
  /** SGD learning rate of the foundation model's gamma and beta. */
  readonly foundationLearningRate: number;
  /** SGD learning rate of the edge model's gamma and beta. */
  readonly edgeLearningRate: number;
  /** SGD momentum of both. */
  readonly momentum: number;
  /** Share of the way that running statistics move to the batch's in a training step. */
  readonly statisticsMomentum: number;
  /** E_max as a share of ln C: samples weigh exp(E_max - H). */
  readonly entropyCeiling: number;
  /** T of the distillation. */
  readonly temperature: number;
  /** Weight of the edge model's own entropy in the distillation loss. */
  readonly entropyWeight: number;
  /** Weight of KL(p_t || p_s). */
  readonly divergenceWeight: number;
  /** Weight of the cross entropy with the foundation model's class. */
  readonly crossEntropyWeight: number;
}

export const ADAPTATION_DEFAULTS: AdaptationOptions = {
  samplesPerStep: 32,
  replaySamplesPerStep: 96,
  replayStartsAt: 256,
  replayCapacity: 10_000,
  idleReplay: true,
  idleReplayBatch: 128,
  idleReplaySteps: Number.POSITIVE_INFINITY,
  foundationLearningRate: 2.5e-4,
  edgeLearningRate: 2.5e-3,
  momentum: 0.9,
  statisticsMomentum: 0.1,
  entropyCeiling: 0.4,
  temperature: 1,
  entropyWeight: 3,
  divergenceWeight: 3,
  crossEntropyWeight: 1,
};

type NumberOption = {
  [K in keyof AdaptationOptions]: AdaptationOptions[K] extends number ? K : never;
}[keyof AdaptationOptions];

const COUNTS: readonly NumberOption[] = ['samplesPerStep', 'replayStartsAt', 'replayCapacity', 'idleReplayBatch'];
const SHARES: readonly NumberOption[] = ['momentum', 'statisticsMomentum'];
const POSITIVE: readonly NumberOption[] = ['temperature', 'entropyCeiling'];
const NOT_NEGATIVE: readonly NumberOption[] = [
  'replaySamplesPerStep',
  'idleReplaySteps',
  'foundationLearningRate',
  'edgeLearningRate',
  'entropyWeight',
  'divergenceWeight',
  'crossEntropyWeight',
];

/**
 * The defaults with some options replaced.
 *
 * @throws RenormError REQUEST_INVALID naming the option and its bounds
 */
export function adaptationOptions(given: Partial<AdaptationOptions> = {}): AdaptationOptions {
  const options = { ...ADAPTATION_DEFAULTS, ...given };
  const require = (names: readonly NumberOption[], bounds: string, holds: (value: number) => boolean) => {
    for (const name of names) {
      if (holds(options[name])) continue;
      throw new RenormError(
        'REQUEST_INVALID',
        `the adaptation option ${name} is ${options[name]}; it must be ${bounds}.`,
      );
    }
  };
  require(COUNTS, 'a whole number, 1 or more', (value) => Number.isSafeInteger(value) && value >= 1);
  require(SHARES, 'from 0 to 1', (value) => value >= 0 && value <= 1);
  require(POSITIVE, 'a finite number above 0', (value) => value > 0 && Number.isFinite(value));
  require(NOT_NEGATIVE, '0 or more', (value) => value >= 0);
  require(['replaySamplesPerStep'], 'a whole number', Number.isSafeInteger);
  return options;
}
