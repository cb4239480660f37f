import type { AgreedModel, ParameterSet, SketchFormat } from '@renorm/protocol';
import type { Sender } from '../admission/sample-vetting.js';
import type { FoundationView } from '../models/foundation-view.js';
import type { AppendedSample, Cohorts } from '../store/cohorts.js';
import type { Signer } from '../trust/signer.js';
import type { GatewayLimits } from './gateway-limits.js';
import type { ReloadedCertificates } from './tls.js';
import type { TokenAuthenticator } from './token-authenticator.js';
import type { ServedFile } from './wire/served-file.js';

/** What the gateway does with the cohorts: it takes samples in, and hears of versions. */
export type GatewayCohorts = Pick<Cohorts, 'names' | 'append' | 'standing' | 'latest' | 'versionsAfter' | 'watch'>;

export interface GatewaySetup {
  readonly cohorts: GatewayCohorts;
  /** SHA-256 of the edge model's file. */
  readonly edgeDigest: Uint8Array;
  /** The edge model's parameters as exported: version 0. */
  readonly exported: ParameterSet;
  readonly sampleShape: readonly number[];
  /** What devices have to take the edge model for. Without it they are not asked. */
  readonly model?: AgreedModel;
  /** Of a foundation model that takes other samples than the edge model: images are prepared for it too. */
  readonly view?: FoundationView | undefined;
  /** What a sketch has to be. Without it sketches are refused. */
  readonly sketches?: SketchFormat;
  readonly limits: GatewayLimits;
  /** Transport security. Without it everything travels in the clear. */
  readonly tls?: ReloadedCertificates;
  /** Of pages whose devices may call, by gRPC-Web. Without it none may. */
  readonly origins?: readonly string[];
  /** By path: a page that is served. */
  readonly files?: ReadonlyMap<string, ServedFile>;
  /** Who may act for which cohort. Without it anybody may for any. */
  readonly authenticator?: TokenAuthenticator;
  /** Signs versions and serves roots. Without it versions travel unsigned. */
  readonly signer?: Signer;
  /** Looks at samples before they are stored. @throws RenormError for those that are not taken */
  vet?(sender: Sender, samples: readonly AppendedSample[]): Promise<void>;
  onAnnounced(cohort: string, device: string, version: number): void;
  onUploaded(cohort: string, device: string, samples: number, duplicates: number): void;
  onError(error: unknown): void;
}
