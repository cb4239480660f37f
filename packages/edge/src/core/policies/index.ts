import { checkOptions, type OptionRule, option, RenormError } from '@renorm/protocol';
import type { Observation, SelectionPolicy } from '../selection-policy.js';
import { cema } from './cema.js';
import { type SelectionOptions, selectionDefaults } from './cema-options.js';
import { renorm } from './renorm.js';
import { type RenormSelectionOptions, renormSelectionDefaults } from './renorm-options.js';
import { everything, nothing, random, type ShareOptions, uncertain } from './simple.js';

/** The policies that come with a device, by name. */
const POLICIES = {
  cema: (options: Partial<SelectionOptions>) => cema(options),
  everything: () => everything(),
  nothing: () => nothing(),
  random: (options: ShareOptions) => random(options),
  renorm: (options: Partial<RenormSelectionOptions>) => renorm(options),
  uncertain: (options: ShareOptions) => uncertain(options),
};

const share = { share: option.number };

/** What their options have to be. */
const OPTIONS: Readonly<Record<PolicyName, Readonly<Record<string, OptionRule>>>> = {
  cema: Object.fromEntries(Object.keys(selectionDefaults(2)).map((name) => [name, option.anything])),
  everything: {},
  nothing: {},
  random: share,
  renorm: Object.fromEntries(Object.keys(renormSelectionDefaults()).map((name) => [name, option.number])),
  uncertain: share,
};

/** The name of a policy that comes with a device. */
export type PolicyName = keyof typeof POLICIES;

export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[];

/** A policy by name with its options. */
export type NamedSelection =
  | ({ readonly policy: 'renorm' } & Partial<RenormSelectionOptions>)
  | ({ readonly policy: 'cema' } & Partial<SelectionOptions>)
  | ({ readonly policy: 'random' | 'uncertain' } & ShareOptions)
  | { readonly policy: 'everything' | 'nothing' };

/** Whether to upload a sample; remembers nothing. */
export type SelectionFunction = (observation: Observation) => boolean;

/**
 * How a device selects: a name, a name with options, options alone (of `renorm`, else of `cema`, whose options stood
 * alone when it was the default), or a policy or a function of the user's own.
 */
export type SelectionChoice =
  | PolicyName
  | NamedSelection
  | Partial<RenormSelectionOptions>
  | Partial<SelectionOptions>
  // What its state is concerns nobody but itself.
  // biome-ignore lint/suspicious/noExplicitAny: a policy of any state
  | SelectionPolicy<any>
  | SelectionFunction;

const DEFAULT: PolicyName = 'renorm';

/** The policy that was chosen. @throws RenormError REQUEST_INVALID; options are checked by its `initial` */
export function policyOf(choice: SelectionChoice = DEFAULT): SelectionPolicy {
  if (typeof choice === 'string') return namedPolicy(choice, {});
  if (typeof choice === 'function') return ofFunction(choice);
  if ('decide' in choice) return checkOwn(choice);
  const { policy, ...options } = choice as NamedSelection;
  return namedPolicy(policy ?? policyWith(options), options);
}

/** Whose options these are: a program of before `renorm` was the default names those of `cema` alone. */
function policyWith(options: object): PolicyName {
  const names = Object.keys(options);
  const isOfCema = names.some((name) => Object.hasOwn(OPTIONS.cema, name) && !Object.hasOwn(OPTIONS[DEFAULT], name));
  return isOfCema ? 'cema' : DEFAULT;
}

const ofFunction = (select: SelectionFunction): SelectionPolicy => ({
  name: 'own',
  initial: () => undefined,
  decide: (state, observation) =>
    select(observation) ? { state, upload: {}, reason: 'selected' } : { state, reason: 'not-selected' },
});

function namedPolicy(name: string, options: object): SelectionPolicy {
  if (Object.hasOwn(POLICIES, name)) {
    checkOptions(`the selection policy '${name}'`, options, OPTIONS[name as PolicyName]);
    const make = POLICIES[name as PolicyName] as (options: object) => unknown;
    return make(options) as SelectionPolicy;
  }
  const text = `the selection policy is ${JSON.stringify(name)}; it has to be one of ${POLICY_NAMES.join(', ')}, or one of your own.`;
  throw new RenormError('REQUEST_INVALID', text);
}

function checkOwn(policy: SelectionPolicy): SelectionPolicy {
  const { name, initial, decide } = policy;
  const isNamed = typeof name === 'string' && /^[A-Za-z0-9._-]{1,32}$/.test(name);
  if (isNamed && typeof initial === 'function' && typeof decide === 'function') return policy;
  throw new RenormError(
    'REQUEST_INVALID',
    'the selection policy of your own has to have a name (1 to 32 characters out of A-Z a-z 0-9 . _ -), initial(classes) and decide(state, observation).',
  );
}
