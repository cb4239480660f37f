import type { Sizes } from '@renorm/onnx';
import type { Preprocessing } from '@renorm/protocol';
import type { CloudEvent } from './events.js';
import type { GatewayLimits } from './gateway/gateway-limits.js';
import type { TlsFiles } from './gateway/tls.js';
import type { ServedFile } from './gateway/wire/served-file.js';
import type { ModelOptions } from './model-file.js';
import type { GateName } from './publication/gates.js';
import type { CloudRole } from './roles.js';
import type { AdaptationOptions } from './strategy/cema/options.js';
import type { StrategyName } from './strategy/strategies.js';
import type { PublishingOptions } from './trainer/messages.js';
import type { SigningOptions } from './trust/signer.js';

/** Devices in browsers. */
export interface WebOptions {
  /** Of the pages that they run in, as in `https://app.example`; `*`: of any. */
  readonly origins?: readonly string[];
  /** By path, as in `/`: a page that this cloud serves, whose devices may call too. */
  readonly files?: ReadonlyMap<string, ServedFile>;
}

/** What a cloud is started with. */
export interface CloudOptions {
  /** The ONNX file that the devices run: a path, or its bytes. */
  readonly edgeModel: string | Uint8Array;
  /**
   * Which output of it holds a score for each class, or which value inside, where the model does not say. Devices are
   * given the same.
   */
  readonly output?: string;
  /**
   * Sizes of its input's axes that the model leaves open, by name: `{ height: 224, width: 224 }`. Devices are given the
   * same.
   */
  readonly sizes?: Sizes;
  /** The ONNX file of the stronger model, for a strategy that needs one (cema), or makes use of one (renorm). */
  readonly foundationModel?: string | Uint8Array;
  /**
   * What the foundation model does not say of itself: how an image becomes its input, which of its classes are those of
   * the edge model.
   */
  readonly foundation?: Omit<ModelOptions, 'labels'>;
  /**
   * How devices make the edge model's input of an image, or the file that says so. Read where the foundation model
   * takes other samples: of those that come as values. Default: what a file beside the edge model says, else
   * `{ fit: 'stretch' }`, scaled to [0, 1].
   */
  readonly preprocessing?: string | Preprocessing;
  /**
   * Names of the edge model's classes, or a file of them, by which those of the foundation model are found. Default:
   * those in its metadata.
   */
  readonly labels?: string | readonly string[];
  /** How cohorts are adapted. Default: renorm. */
  readonly strategy?: StrategyName;
  /**
   * What judges versions before they are published. held-out (default): one upload of five is kept from training, and
   * what is worse on these than the source model or the version in force does not go out. none: everything goes out,
   * for a conformance suite, whose samples are random pixels.
   */
  readonly gate?: GateName;
  /** Folder for samples, training state and versions; made if it is not there. This or `store`. */
  readonly data?: string;
  /**
   * URL of a store on NATS JetStream in the place of a folder, `nats://host:4222/name?replicas=3`: gateways and
   * trainers on several machines share it. Asks for the packages @nats-io/transport-node and @nats-io/jetstream.
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
  /** Takes devices in browsers too, by gRPC-Web on the same port. */
  readonly web?: WebOptions;
  /** File of tokens, see docs/security.md. Without it anybody may write to any cohort. Read again when it changes. */
  readonly tokens?: string;
  /** Bounds on what devices may send and hold, in the place of the defaults. */
  readonly limits?: Partial<GatewayLimits>;
  /** Called with what happens. */
  readonly onEvent?: (event: CloudEvent) => void;
}
