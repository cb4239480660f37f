import { setTimeout as sleep } from 'node:timers/promises';
import { exportedVersion } from '@renorm/protocol';
import type { Progress } from './budget.js';
import { GATEWAY_LIMITS, type GatewayLimits } from './gateway-limits.js';
import type { GatewayCohorts, GatewaySetup } from './gateway-setup.js';

export const EDGE_DIGEST = new Uint8Array(32).fill(6);
export const EXPORTED = exportedVersion(new Map([['bn/gamma', Float32Array.of(1, 2)]]));
export const LATEST = {
  ...exportedVersion(new Map([['bn/gamma', Float32Array.of(3, 4)]])),
  number: 7,
  publishedAtMs: 5,
};
export const SAMPLE_SHAPE = [1, 4, 4];

/** A store that keeps nothing but how many samples came; an upload takes as long as `pauseMs` says. */
export function nullCohorts(pauseMs = 0, progress = new Map<string, Progress>()): GatewayCohorts {
  const of = (cohort: string): Progress => progress.get(cohort) ?? { received: 0, trained: 0 };
  return {
    names: async () => [...progress.keys()],
    standing: async (cohort) => ({ ...of(cohort), version: LATEST }),
    append: async ({ cohort, samples }) => {
      await sleep(pauseMs);
      progress.set(cohort, { ...of(cohort), received: of(cohort).received + samples.length });
      return { acknowledged: samples.at(-1)?.sequence ?? 0, duplicates: 0 };
    },
    latest: async () => LATEST,
    versionsAfter: async () => [],
    watch: () => () => undefined,
  };
}

export function nullSetup(limits: Partial<GatewayLimits> = {}, rest: Partial<GatewaySetup> = {}): GatewaySetup {
  return {
    ...{ cohorts: nullCohorts(), edgeDigest: EDGE_DIGEST, exported: EXPORTED.parameters },
    ...{ sampleShape: SAMPLE_SHAPE, limits: { ...GATEWAY_LIMITS, ...limits } },
    onAnnounced: () => undefined,
    onUploaded: () => undefined,
    onError: () => undefined,
    ...rest,
  };
}
