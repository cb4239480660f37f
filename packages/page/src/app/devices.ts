import { policyOf, type SelectionPolicy } from '@renorm/edge';
import { openDevice, type WebDevice } from '@renorm/edge/web';
import type { Picture } from './picture.js';
import type { Setup } from './setup.js';

/** What the selection has to spend. */
export interface Purse {
  /** Uploads that are saved; below 0 while a burst is paid back. */
  tokens: number;
}

/** The same model twice: one as it was exported, one that a cloud adapts. */
export interface Pair {
  readonly plain: WebDevice;
  readonly adapting: WebDevice;
  readonly purse: Purse;
}

/** Opens the device that never adapts: nobody uploads anything in its cohort. */
export function openPlain(setup: Setup): Promise<WebDevice> {
  return openDevice({ ...common(setup), cohort: `${setup.cohort}-plain`, selection: 'nothing' });
}

/** Opens the device that adapts. @param sketches whether no picture leaves it */
export function openAdapting(setup: Setup, sketches: boolean, purse: Purse): Promise<WebDevice> {
  return openDevice({
    ...common(setup),
    selection: watched(purse),
    state: 'renorm-page',
    upload: sketches ? 'none' : 'samples',
  });
}

const common = ({ cohort, labels, trust }: Setup) => ({
  ...{
    model: '/edge.onnx',
    wasmPaths: `${location.origin}/`,
    backend: 'wasm' as const,
    cohort,
    cloud: location.origin,
  },
  ...(labels !== undefined && { labels }),
  ...(trust && { trust: '/root' }),
});

/** The picture as a device takes it: 8 bits a value. */
export function frameOf({ width, height, channels, data }: Picture) {
  return { width, height, channels, data: Uint8Array.from(data, (value) => Math.round(255 * value)) };
}

interface Spending {
  readonly budget?: { readonly tokens: number };
}

/** The selection that devices have, looked over its shoulder. */
function watched(purse: Purse): SelectionPolicy<Spending> {
  const policy = policyOf('renorm') as SelectionPolicy<Spending>;
  return {
    name: policy.name,
    initial: (classes) => policy.initial(classes),
    decide(state, observation) {
      const decision = policy.decide(state, observation);
      purse.tokens = decision.state.budget?.tokens ?? 0;
      return decision;
    },
  };
}
