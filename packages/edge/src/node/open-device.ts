import { hostname } from 'node:os';
import { ImageThreads } from '@renorm/image/node';
import { prepareRuntime } from '@renorm/onnx/node';
import {
  checkOptions,
  checkToken,
  faultOf,
  imageShape,
  type OptionRules,
  option,
  PREPROCESSING_RULES,
  type Preprocessing,
  RenormError,
} from '@renorm/protocol';
import { preprocessingBeside, readLabels, readPreprocessing } from '@renorm/protocol/node';
import { assembleDevice, type DeviceOptions, type ModelSetup } from '../core/assemble-device.js';
import type { Device } from '../core/device.js';
import type { EdgeModel } from '../core/edge-model.js';
import { DEVICE_RULES } from '../core/option-rules.js';
import type { Trust } from '../core/platform.js';
import { readEdgeModel } from './edge-model.js';
import { openInference } from './inference.js';
import { openLevelStore } from './level-store.js';
import { nodeClock, nodeRandom } from './node-runtime.js';
import { checkTls, readTrust } from './read-trust.js';
import { type DeviceTls, GrpcTransport, TRANSPORT_DEFAULTS, type TransportOptions } from './transport.js';

/** What a device is opened with. */
export interface OpenDeviceOptions extends Omit<DeviceOptions, 'id' | 'labels' | 'preprocessing'> {
  /** Path or bytes of the ONNX file, the same that the cloud was started with. */
  readonly model: string | Uint8Array;
  /** This device in its cohort, in the same alphabet as `cohort`. Default: the host's name. */
  readonly id?: string;
  /**
   * Names of the classes, in the order of their indices, or a file of them: one per line, JSON, or a `config.json` with
   * `id2label`.
   */
  readonly labels?: string | readonly string[];
  /**
   * How image files and frames become the model's input, or the file that says so: a `preprocessor_config.json`, or
   * timm's `config.json`. Default: what such a file beside the model says, else `{ fit: 'stretch' }`, scaled to [0, 1].
   */
  readonly preprocessing?: string | Preprocessing;
  /** Certificates, for a cloud with TLS. */
  readonly tls?: DeviceTls;
  /** What the cloud knows this device's cohort by, if it asks. */
  readonly token?: string;
  /**
   * Root metadata, as `renorm keys` makes them: a path or the bytes. Versions that no key of theirs signed are refused.
   * Without it the device takes versions from whoever answers: for demonstrations on one machine.
   */
  readonly trust?: string | Uint8Array;
  /**
   * File that remembers the newest version taken and the newest root, so that no older ones are believed after a
   * restart. For `trust`.
   */
  readonly trustMemory?: string;
  /**
   * Folder for what outlives the device, made if it is not there and of one device alone: the version in force, what
   * the selection remembers, the samples that wait, and with `trust` the newest version and the roots (`trustMemory` is
   * not needed then). Without it a restart begins anew.
   */
  readonly state?: string;
  /** Threads that compute one prediction. Default 1. */
  readonly threads?: number;
  /** Time limits of the connection. */
  readonly transport?: Partial<TransportOptions>;
}

const RULES = {
  ...DEVICE_RULES,
  model: option.required(option.pathOrBytes),
  tls: option.group({ authority: option.required(option.text), certificate: option.text, key: option.text }),
  labels: option.pathOrTexts,
  preprocessing: option.pathOr(PREPROCESSING_RULES),
  token: option.text,
  trust: option.pathOrBytes,
  trustMemory: option.text,
  state: option.text,
  threads: option.number,
  transport: option.like(TRANSPORT_DEFAULTS),
} satisfies OptionRules<OpenDeviceOptions>;

/**
 * Opens a device: reads the model, starts its threads, and resolves when it can predict. It connects to the cloud
 * meanwhile and afterwards; without a cloud it predicts all the same.
 *
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID, CREDENTIALS_UNREADABLE, ROOT_INVALID, SIGNATURE_INVALID,
 *   DATA_IN_USE, DATA_NOT_WRITABLE, DATA_FORMAT_NEWER; OnnxError: the model cannot be read or adapted, ONNX_RUNTIME
 */
export async function openDevice(options: OpenDeviceOptions): Promise<Device> {
  checkOptions('openDevice', options, RULES);
  const { model, tls, trust, trustMemory, state, id = hostIdentifier() } = options;
  prepareRuntime(import.meta.url);
  const threads = checkThreads(options.threads ?? 1);
  const platform = {
    clock: nodeClock,
    random: nodeRandom,
    openCodecs: () => new ImageThreads(),
    openInference: (setup: ModelSetup) => openInference({ ...setup, threads }),
    connect: (address: string) => new GrpcTransport(address, { ...TRANSPORT_DEFAULTS, ...options.transport }, options),
    ...(state !== undefined && { openStore: () => openLevelStore(state) }),
  };
  const readCredentials = async (): Promise<Trust | undefined> => {
    // A header would show it in an error of its own, and late: when threads have been started that nobody ends.
    if (options.token !== undefined) checkToken(options.token, 'the option token');
    if (tls !== undefined) await checkTls(tls);
    return trust === undefined ? undefined : readTrust(trust, trustMemory);
  };
  const { labels, preprocessing, ...others } = options;
  const read = {
    ...(labels !== undefined && { labels: typeof labels === 'string' ? await readLabels(labels) : labels }),
    ...(preprocessing !== undefined && {
      preprocessing: typeof preprocessing === 'string' ? await readPreprocessing(preprocessing) : preprocessing,
    }),
  };
  const readModel = async (): Promise<EdgeModel> => {
    const edge = await readEdgeModel(model, options);
    return preprocessing === undefined && typeof model === 'string' ? withPreprocessingBeside(edge, model) : edge;
  };
  return assembleDevice(platform, { ...others, ...read, id }, readModel, readCredentials);
}

/** With what a file says that lies beside the model, where it can be followed, and a word about it in any case. */
async function withPreprocessingBeside(model: EdgeModel, path: string): Promise<EdgeModel> {
  const shape = imageShape(model.shape);
  const found = shape && (await preprocessingBeside(path));
  if (shape === undefined || found === undefined) return model;
  const { file, says } = found;
  const fault = typeof says === 'string' ? says : faultOf(says, shape);
  if (typeof says !== 'string' && fault === undefined)
    return { ...model, preprocessing: says, changes: [...model.changes, `prepares images as ${file} says`] };
  const unfit = `does not prepare images as ${file} says: ${fault}; say how in the option preprocessing`;
  return { ...model, changes: [...model.changes, unfit] };
}

/** The host's name, in the alphabet of identifiers. */
function hostIdentifier(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 128) || 'device'
  );
}

function checkThreads(threads: number): number {
  if (Number.isSafeInteger(threads) && threads >= 1 && threads <= 256) return threads;
  throw new RenormError('REQUEST_INVALID', `the option threads is ${threads}; it has to be an integer from 1 to 256.`);
}
