import type { PrepareOptions, Sizes } from '@renorm/onnx';
import type { CloudEvent } from './events.js';
import type { GatewayLimits } from './gateway/gateway-limits.js';
import type { TlsFiles } from './gateway/tls.js';
import type { GateName } from './publication/gates.js';
import type { CloudRole } from './roles.js';
import type { AdaptationOptions } from './strategy/cema/options.js';
import type { StrategyName } from './strategy/strategies.js';
import type { PublishingOptions } from './trainer/messages.js';
import type { SigningOptions } from './trust/signer.js';

/** What a cloud is started with. */
export interface CloudOptions {
  /** The ONNX file that the devices run: a path, or its bytes. */
  readonly edgeModel: string | Uint8Array;
  /** Which output of it holds a score for each class, or which value inside, where the model does not say. Devices are given the same. */
  readonly output?: string;
  /** Sizes of its input's axes that the model leaves open, by name: `{ height: 224, width: 224 }`. Devices are given the same. */
  readonly sizes?: Sizes;
  /** The ONNX file of the stronger model, for a strategy that needs one (cema), or makes use of one (renorm). */
  readonly foundationModel?: string | Uint8Array;
  /** What the foundation model does not say of itself. */
  readonly foundation?: PrepareOptions;
  /** How cohorts are adapted. Default: renorm. */
  readonly strategy?: StrategyName;
  /**
   * What judges versions before they are published. held-out (default): one upload of five is kept from training, and what is worse on these
   * than the source model or the version in force does not go out. none: everything goes out, for a conformance suite, whose samples are random pixels.
   */
  readonly gate?: GateName;
  /** Folder for samples, training state and versions; made if it is not there. This or `store`. */
  readonly data?: string;
  /**
   * URL of a store on NATS JetStream in the place of a folder, `nats://host:4222/name?replicas=3`: gateways and trainers on several machines
   * share it. Asks for the packages @nats-io/transport-node and @nats-io/jetstream.
   */
  readonly store?: string;
  /** What this process does; another on the same folder may do the rest. Default: both. */
  readonly roles?: readonly CloudRole[];
  /** Address to listen on. Default: 127.0.0.1; 0.0.0.0 for all. */
  readonly host?: string;
  /** Port to listen on, 0 for any that is free. Default: 7443. */
  readonly port?: number;
  /** Threads for training. Default: the number of processors. */
  readonly threads?: number;
  /** Constants of the strategy cema. */
  readonly adaptation?: Partial<AdaptationOptions>;
  readonly publishing?: Partial<PublishingOptions>;
  /** Signs the versions. Without it they travel unsigned, and only devices without trust take them. */
  readonly signing?: SigningOptions;
  /** Certificates. Without them everything travels in the clear. */
  readonly tls?: TlsFiles;
  /** File of tokens, see docs/security.md. Without it anybody may write to any cohort. Read again when it changes. */
  readonly tokens?: string;
  /** Bounds on what devices may send and hold, in the place of the defaults. */
  readonly limits?: Partial<GatewayLimits>;
  /** Called with what happens. */
  readonly onEvent?: (event: CloudEvent) => void;
}
