import type { ServerCredentials } from '@grpc/grpc-js';
import type { ParameterSet } from '@renorm/protocol';
import type { Cohorts } from '../store/cohorts.js';
import type { Signer } from '../trust/signer.js';
import type { Doorkeeper } from './doorkeeper.js';

/** Bounds on what devices may send. */
export interface GatewayOptions {
  /** Most samples in one upload. */
  readonly maxSamplesPerUpload: number;
  /** A cohort's upload budget: samples that may wait for training. At this number uploads are refused. */
  readonly maxUntrainedSamples: number;
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number;
  /** Most calls of one connection that are being answered at a time, streams of versions not counted. */
  readonly maxCallsPerPeer: number;
  /** Most streams, of calls or of versions, that one connection may hold open. */
  readonly maxStreamsPerPeer: number;
}

export const GATEWAY_DEFAULTS: GatewayOptions = {
  maxSamplesPerUpload: 64,
  maxUntrainedSamples: 4_096,
  maxMessageBytes: 16 * 2 ** 20,
  maxCallsPerPeer: 4,
  maxStreamsPerPeer: 64,
};

/** What the gateway does with the cohorts: it takes samples in, and hears of versions. */
export type GatewayCohorts = Pick<Cohorts, 'append' | 'standing' | 'latest' | 'versionsAfter' | 'watch'>;

export interface GatewaySetup {
  readonly cohorts: GatewayCohorts;
  /** SHA-256 of the edge model's file. */
  readonly edgeDigest: Uint8Array;
  /** The edge model's parameters as exported: version 0. */
  readonly exported: ParameterSet;
  readonly sampleShape: readonly number[];
  readonly options: GatewayOptions;
  /** Transport security. Without it everything travels in the clear. */
  readonly credentials?: ServerCredentials;
  /** Who may act for which cohort. Without it anybody may for any. */
  readonly doorkeeper?: Doorkeeper;
  /** Signs versions and serves roots. Without it versions travel unsigned. */
  readonly signer?: Signer;
  onAnnounced(cohort: string, device: string, version: number): void;
  onUploaded(cohort: string, device: string, samples: number, duplicates: number): void;
  onError(error: unknown): void;
}
