import { RenormError } from '@renorm/protocol';
import { type Models, pairOf } from '../models/model-facts.js';
import { Cema } from './cema/cema.js';
import type { AdaptationOptions } from './cema/options.js';
import { Renorm } from './renorm/renorm.js';
import { Statistics, statisticsObstacle } from './statistics/statistics.js';
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
  const pair = pairOf(models);
  if (pair === undefined) throw foundationNeeded('cema');
  return Cema.open({ models: pair, threads, ...(adaptation && { options: adaptation }) });
};

/** Where the statistics of the edge model cannot be pooled, a foundation model teaches it as CEMA does. */
const renorm: Open = (setup) =>
  canBePooled(setup.models) || setup.models.foundation === undefined ? Renorm.open(setup) : cema(setup);

const canBePooled = ({ edge }: Models): boolean => statisticsObstacle(edge) === undefined;

/** Every strategy by its name, whether it needs a foundation model, and whether it makes use of one. */
export const STRATEGIES = {
  renorm: { open: renorm, needsFoundation: false, usesFoundation: true },
  cema: { open: cema, needsFoundation: true, usesFoundation: true },
  statistics: { open: (setup) => Statistics.open(setup), needsFoundation: false, usesFoundation: false },
} as const satisfies Record<
  string,
  { readonly open: Open; readonly needsFoundation: boolean; readonly usesFoundation: boolean }
>;

export type StrategyName = keyof typeof STRATEGIES;

/** Their names, for who chooses. */
export const STRATEGY_NAMES = Object.keys(STRATEGIES) as StrategyName[];

export const needsFoundation = (name: StrategyName): boolean => STRATEGIES[name].needsFoundation;

export const usesFoundation = (name: StrategyName): boolean => STRATEGIES[name].usesFoundation;

/** Those that learn from sketches. */
export const SKETCH_STRATEGIES: ReadonlySet<string> = new Set<StrategyName>(['renorm', 'statistics']);

export const DEFAULT_STRATEGY: StrategyName = 'renorm';

/** What is to be known of how a strategy deals with these models; undefined where there is nothing. */
export function strategyNote(name: StrategyName, models: Models): string | undefined {
  if (name !== 'renorm') return undefined;
  if (models.foundation === undefined)
    return 'no foundation model was given: the strategy renorm adapts the statistics of the edge model, and distils nothing into it.';
  return canBePooled(models)
    ? undefined
    : `${models.edge.name} has no statistics of a batch that are known: the strategy renorm does what cema does.`;
}

/** @throws RenormError REQUEST_INVALID: no strategy has this name, or it needs a model that is not there */
export function strategyFor(name: string, { foundation }: Pick<Models, 'foundation'>): StrategyName {
  if (!Object.hasOwn(STRATEGIES, name))
    throw new RenormError(
      'REQUEST_INVALID',
      `there is no strategy ${name}; take one of ${Object.keys(STRATEGIES).join(', ')}.`,
    );
  const known = name as StrategyName;
  if (needsFoundation(known) && foundation === undefined) throw foundationNeeded(known);
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
