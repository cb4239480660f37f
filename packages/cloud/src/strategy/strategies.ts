import { RenormError } from '@renorm/protocol';
import type { Models } from '../models/model-facts.js';
import { Cema } from './cema/cema.js';
import type { AdaptationOptions } from './cema/options.js';
import { Statistics } from './statistics/statistics.js';
import type { Strategy } from './strategy.js';

/** What a strategy is opened with. */
export interface StrategySetup {
  readonly models: Models;
  /** Threads for one operator. */
  readonly threads: number;
  /** Constants of the strategy cema. */
  readonly adaptation?: Partial<AdaptationOptions>;
}

type Open = (setup: StrategySetup) => Promise<Strategy<unknown>>;

const cema: Open = ({ models, threads, adaptation }) => {
  const { foundation, foundationDigest } = models;
  if (foundation === undefined || foundationDigest === undefined) throw foundationNeeded('cema');
  const pair = { ...models, foundation, foundationDigest };
  return Cema.open({ models: pair, threads, ...(adaptation && { options: adaptation }) });
};

/** Every strategy by its name, and whether it needs a foundation model. */
export const STRATEGIES = {
  cema: { open: cema, needsFoundation: true },
  statistics: { open: (setup) => Statistics.open(setup), needsFoundation: false },
} as const satisfies Record<string, { readonly open: Open; readonly needsFoundation: boolean }>;

export type StrategyName = keyof typeof STRATEGIES;

/** Their names, for who chooses. */
export const STRATEGY_NAMES = Object.keys(STRATEGIES) as StrategyName[];

/** Those that learn from sketches. */
export const SKETCH_STRATEGIES: ReadonlySet<string> = new Set<StrategyName>(['statistics']);

export const DEFAULT_STRATEGY: StrategyName = 'cema';

/** @throws RenormError REQUEST_INVALID: no strategy has this name, or it needs a model that is not there */
export function strategyFor(name: string, { foundation }: Pick<Models, 'foundation'>): StrategyName {
  if (!Object.hasOwn(STRATEGIES, name))
    throw new RenormError(
      'REQUEST_INVALID',
      `there is no strategy ${name}; take one of ${Object.keys(STRATEGIES).join(', ')}.`,
    );
  const known = name as StrategyName;
  if (STRATEGIES[known].needsFoundation && foundation === undefined) throw foundationNeeded(known);
  return known;
}

/** @throws OnnxError, RenormError REQUEST_INVALID: what the strategy needs is not there */
export function openStrategy(name: StrategyName, setup: StrategySetup): Promise<Strategy<unknown>> {
  return STRATEGIES[name].open(setup);
}

function foundationNeeded(name: string): RenormError {
  const others = Object.entries(STRATEGIES).flatMap(([other, { needsFoundation }]) => (needsFoundation ? [] : [other]));
  const orTake = others.length === 0 ? '' : `, or take a strategy without one: ${others.join(', ')}`;
  return new RenormError(
    'REQUEST_INVALID',
    `the strategy ${name} needs a foundation model and none was given; name one (foundationModel, --foundation-model)${orTake}.`,
  );
}
