import { STRATEGY_NAMES } from '@renorm/cloud';
import { type NamedSelection, POLICY_NAMES } from '@renorm/edge';
import { nearestName, RenormError } from '@renorm/protocol';
import { activationShifting } from '../rivals/activation-shifting.js';
import { alphaBn } from '../rivals/alpha-bn.js';
import { cotta } from '../rivals/cotta.js';
import { eata, eta, rdumb, tent } from '../rivals/entropy-minimisation.js';
import { lame } from '../rivals/lame.js';
import { rmt } from '../rivals/rmt.js';
import { roid } from '../rivals/roid.js';
import { sar } from '../rivals/sar.js';
import { batchStatistics, source } from '../rivals/source.js';
import { unmixTns } from '../rivals/unmix-tns.js';
import type { EvalMethod } from './eval-method.js';
import { isStrategy, strategyMethod } from './strategy-method.js';

/** What others have published, in the order of the tables; strategies of the cloud come behind. */
const RIVALS: Readonly<Record<string, EvalMethod>> = {
  source,
  'batch-statistics': batchStatistics,
  'alpha-bn': alphaBn,
  lame,
  'unmix-tns': unmixTns,
  'foa-shift': activationShifting,
  tent,
  eta,
  eata,
  rdumb,
  sar,
  cotta,
  rmt,
  roid,
};

/** Policies that belong to a strategy by its paper; the others go with the default of a device. */
const PUBLISHED: Partial<Record<string, NamedSelection>> = { cema: { policy: 'cema' } };

/** Names of all methods, in the order of the tables. */
export const METHOD_NAMES: readonly string[] = [...Object.keys(RIVALS), ...STRATEGY_NAMES];

/** What a run compares without being told: those that need nothing that is not there. */
export function defaultMethods(hasFoundation: boolean): string[] {
  return [
    'source',
    'batch-statistics',
    ...STRATEGY_NAMES.filter((name) => hasFoundation || !methodOf(name).needs.foundation),
  ];
}

/**
 * A method by its name; a strategy's device policy behind a slash, with its share behind a colon:
 * `statistics/random:0.05`.
 *
 * @throws RenormError REQUEST_INVALID
 */
export function methodOf(name: string): EvalMethod {
  const [base = '', policy, ...rest] = name.split('/');
  if (isStrategy(base) && rest.length === 0)
    return strategyMethod(base, policy === undefined ? PUBLISHED[base] : selectionOf(policy, name));
  if (Object.hasOwn(RIVALS, base) && policy === undefined) return RIVALS[base] as EvalMethod;
  const near = nearestName(base, METHOD_NAMES);
  const advice = near === undefined || near === base ? `there is ${METHOD_NAMES.join(', ')}` : `did you mean ${near}?`;
  throw new RenormError(
    'REQUEST_INVALID',
    `--methods ${name}: ${advice}; of strategies (${STRATEGY_NAMES.join(', ')}) with a policy of the device, as in statistics/random:0.1.`,
  );
}

function selectionOf(text: string, name: string): NamedSelection {
  const [policy = '', share] = text.split(':');
  if (
    !(POLICY_NAMES as readonly string[]).includes(policy) ||
    (share !== undefined && !(Number(share) >= 0 && Number(share) <= 1))
  )
    throw new RenormError(
      'REQUEST_INVALID',
      `--methods ${name}: the policy is one of ${POLICY_NAMES.join(', ')}, for some with a share from 0 to 1, as in random:0.1.`,
    );
  return { policy, ...(share !== undefined && { share: Number(share) }) } as NamedSelection;
}
