import { RenormError } from '@renorm/protocol';
import type { WireLimits } from './wire/wire-limits.js';

/**
 * Bounds on what devices may send and hold. What is over one is refused with an error of its own, counted in
 * `Cloud.gateway()`, and costs its peer alone.
 */
export interface GatewayLimits extends WireLimits {
  /** Most samples in one upload. */
  readonly maxSamplesPerUpload: number;
  /**
   * A cohort's upload budget: samples that may wait for training. One device may have as many waiting as are still
   * free, so that there is room for another: alone half of them, beside another greedy one a third.
   */
  readonly maxUntrainedSamples: number;
  /** Most cohorts. Without tokens whoever reaches the cloud may name new ones. */
  readonly maxCohorts: number;
  /** Devices that are remembered in a cohort; beyond it those heard of last are. */
  readonly maxDevicesPerCohort: number;
}

const MIB = 2 ** 20;

export const GATEWAY_LIMITS: GatewayLimits = {
  maxSamplesPerUpload: 64,
  maxUntrainedSamples: 4_096,
  maxMessageBytes: 16 * MIB,
  maxCallsPerPeer: 4,
  maxStreamsPerPeer: 64,
  // A stream of versions for each connection, and as many calls beside them.
  maxStreams: 20_000,
  maxRequestBytes: 256 * MIB,
  // Two of the largest messages.
  maxRequestBytesPerPeer: 32 * MIB,
  // As long as a device waits for an answer.
  requestMs: 20_000,
  // A token has 512 bytes at most, what gRPC libraries add some hundred.
  maxHeaderBytes: 16_384,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 5_000,
  firstCallMs: 10_000,
  maxIdleMs: 300_000,
  maxConnectionAgeMs: 24 * 3_600_000,
  maxCohorts: 10_000,
  maxDevicesPerCohort: 10_000,
};

/** Timers reach no further. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * The limits with what is given in the place of their defaults.
 *
 * @throws RenormError REQUEST_INVALID: one is no whole number from 1 on
 */
export function gatewayLimits(given: Partial<GatewayLimits> = {}): GatewayLimits {
  for (const [name, value] of Object.entries(given)) {
    const most = name.endsWith('Ms') ? LONGEST_MS : Number.MAX_SAFE_INTEGER;
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most)
      throw new RenormError('REQUEST_INVALID', `the limit ${name} is ${value}; give a whole number from 1 to ${most}.`);
  }
  const limits = { ...GATEWAY_LIMITS, ...given };
  if (limits.maxRequestBytesPerPeer < limits.maxMessageBytes)
    return { ...limits, maxRequestBytesPerPeer: limits.maxMessageBytes };
  return limits;
}
