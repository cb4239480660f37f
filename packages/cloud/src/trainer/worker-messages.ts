import type { ErrorCode } from '@renorm/protocol';
import type { ModelFile } from '../models/model-facts.js';
import type { GateName } from '../publication/gates.js';
import type { AdaptationOptions } from '../strategy/cema/options.js';
import type { StrategyName } from '../strategy/strategies.js';
import type { PublishingOptions, StepReport } from './messages.js';

/** What the trainer's thread is started with. */
export interface TrainerSetup {
  readonly edgeModel: ModelFile;
  readonly foundationModel: ModelFile | undefined;
  readonly strategy: StrategyName;
  readonly gate: GateName;
  readonly adaptation: AdaptationOptions;
  readonly threads: number;
  /** A data folder, or the URL of a store on NATS. */
  readonly place: string;
  readonly publishing: PublishingOptions;
  /** Shares of the cohorts that are this trainer's (`shareOf`). Default: all. */
  readonly shares?: readonly number[] | undefined;
}

export type FromTrainer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'step'; readonly report: StepReport }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly text: string }
  /** Training waits, and goes on by itself. Told once. */
  | { readonly kind: 'paused'; readonly code: ErrorCode; readonly text: string }
  | { readonly kind: 'resumed' }
  /** All that had come when this was asked for has been trained on, as far as the strategy wants to. */
  | { readonly kind: 'settled'; readonly question: number }
  | { readonly kind: 'closed' };

export type ToTrainer =
  | { readonly kind: 'close' }
  | { readonly kind: 'settle'; readonly question: number }
  | { readonly kind: 'own'; readonly shares: readonly number[] };
