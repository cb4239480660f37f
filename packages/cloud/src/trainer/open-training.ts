import { readParameters } from '@renorm/onnx';
import { exportedVersion, type RenormError, type VersionState } from '@renorm/protocol';
import { type Models, pairOf } from '../models/model-facts.js';
import { ParametricSession } from '../models/session.js';
import type { EdgeLogits } from '../publication/delta-writer.js';
import type { Gate } from '../publication/gate.js';
import { DEFAULT_GATE, type GateName, openGate } from '../publication/gates.js';
import { Cohorts } from '../store/cohorts.js';
import type { Store } from '../store/store.js';
import type { AdaptationOptions } from '../strategy/cema/options.js';
import { openStrategy, type StrategyName, usesFoundation } from '../strategy/strategies.js';
import { FoundationCheck } from './foundation-check.js';
import type { PublishingOptions } from './messages.js';
import { publishingOptions } from './publishing-options.js';
import { type TrainerClock, TrainingLoop } from './training-loop.js';

/** What training is opened with. */
export interface TrainingSetup {
  readonly models: Models;
  readonly strategy: StrategyName;
  readonly store: Store;
  /** Constants of the strategy cema. */
  readonly adaptation?: Partial<AdaptationOptions>;
  readonly publishing?: Partial<PublishingOptions>;
  /** Threads for one operator. Default: 1. */
  readonly threads?: number;
  readonly clock?: TrainerClock;
  /** What judges versions before they are published, by name or as it is. Default: held-out, whatever the strategy. */
  readonly gate?: Gate | GateName;
  /** Whether the foundation model is compared with the edge model on the first samples of each cohort. Default: no. */
  readonly checksFoundation?: boolean;
  readonly onProblem?: (error: RenormError) => void;
  /** Whether a cohort is this trainer's: others train the rest. Default: all are. */
  readonly owns?: (cohort: string) => boolean;
  /** Called when there may be something to do again. */
  readonly onChange?: () => void;
}

/** All that trains, over one store. */
export interface Training {
  readonly models: Models;
  readonly cohorts: Cohorts;
  readonly loop: TrainingLoop;
  /** Version 0. */
  readonly exported: VersionState;
  /** What devices predict with some parameters: logits, [samples, classes]. */
  readonly edgeLogits: EdgeLogits;
  /** Ends the sessions and closes the store. */
  close(): Promise<void>;
}

const SYSTEM_CLOCK: TrainerClock = { now: () => performance.now(), date: () => Date.now() };

/**
 * Opens a strategy's sessions and the loop that runs them. It blocks the thread that calls it while it trains.
 *
 * @throws OnnxError, RenormError REQUEST_INVALID: an option, or what the strategy needs is not there
 */
export async function openTraining(setup: TrainingSetup): Promise<Training> {
  const { models, store, threads = 1, adaptation } = setup;
  const { sampleShape, classes } = models;
  const pair = usesFoundation(setup.strategy) ? pairOf(models) : undefined;
  const foundationCheck = setup.checksFoundation && pair ? new FoundationCheck(pair, threads) : undefined;
  const exported = exportedVersion(readParameters(models.edge));
  const strategy = await openStrategy(setup.strategy, { models, threads, ...(adaptation && { adaptation }) });
  const edge = await ParametricSession.create(models.edge, sampleShape, { threads });
  const cohorts = new Cohorts(store, { exported });
  const edgeLogits: EdgeLogits = (parameters, samples) => edge.logits(parameters, samples);
  const judge = setup.gate ?? DEFAULT_GATE;
  const judging = { edge: models.edge, sampleShape, classes, edgeLogits, threads };
  const own =
    typeof judge === 'string' ? await openGate(judge, judging) : { gate: judge, release: async () => undefined };
  const loop = new TrainingLoop(
    {
      ...{ strategy, cohorts, exported, sampleShape, classes, edgeLogits, foundationCheck },
      foundationShape: pair?.view?.shape,
      publishing: publishingOptions(setup.publishing),
      clock: setup.clock ?? SYSTEM_CLOCK,
      gate: own.gate,
      ...(setup.owns && { owns: setup.owns }),
      onProblem: setup.onProblem ?? (() => undefined),
    },
    setup.onChange,
  );
  const close = async (): Promise<void> => {
    loop.close();
    await strategy.release();
    await own.release();
    await edge.release();
    await cohorts.close();
  };
  return { models, cohorts, loop, exported, edgeLogits, close };
}
