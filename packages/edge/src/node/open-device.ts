import { hostname } from 'node:os';
import {
  checkIdentifier,
  elementsOf,
  type Preprocessing,
  RenormError,
  SAMPLE_FORMS,
  type SampleForm,
} from '@renorm/protocol';
import { Device } from '../device.js';
import { type DeviceTuning, TUNING_DEFAULTS } from '../device-options.js';
import { resolveSelectionOptions, type SelectionOptions } from '../selection-options.js';
import type { QueueOptions } from '../upload-queue.js';
import { readEdgeModel } from './edge-model.js';
import { openImages } from './images.js';
import { NodeInference } from './inference.js';
import { nodeClock, nodeRandom } from './node-runtime.js';
import { checkTls, readTrust } from './read-trust.js';
import { type DeviceTls, GrpcTransport, TRANSPORT_DEFAULTS, type TransportOptions } from './transport.js';

/** What a device is opened with. */
export interface OpenDeviceOptions {
  /** Path or bytes of the ONNX file, the same that the cloud was started with. */
  readonly model: string | Uint8Array;
  /** Where the cloud listens: host:port. */
  readonly cloud: string;
  /** Devices that share a model and an environment: 1 to 128 characters out of A-Z a-z 0-9 . _ - */
  readonly cohort: string;
  /** Certificates, for a cloud with TLS. */
  readonly tls?: DeviceTls;
  /** What the cloud knows this device's cohort by, if it asks. */
  readonly token?: string;
  /**
   * Root metadata, as `renorm keys` makes them: a path or the bytes. Versions that no key of theirs signed are refused.
   * Without it the device takes versions from whoever answers: for demonstrations on one machine.
   */
  readonly trust?: string | Uint8Array;
  /** File that remembers the newest version taken and the newest root, so that no older ones are believed after a restart. For `trust`. */
  readonly trustMemory?: string;
  /** This device in its cohort, in the same alphabet. Default: the host's name. */
  readonly id?: string;
  /** Constants of the selection. */
  readonly selection?: Partial<SelectionOptions>;
  /** Bounds of the upload queue. */
  readonly queue?: Partial<QueueOptions>;
  /** How samples travel; pixels (k / 255) always as one byte each. Default: `auto`, which loses next to nothing. */
  readonly samples?: SampleForm;
  /** How image files, given as `{ image }`, become the model's input. Default: `{ fit: 'stretch' }`, scaled to [0, 1]. */
  readonly preprocessing?: Preprocessing;
  /** 1 to 100: samples that are images travel as WebP of this quality, with loss, where that is smaller. Default: without loss. */
  readonly quality?: number;
  /** Threads that compute one prediction. Default 1. */
  readonly threads?: number;
  /** Shape of a sample, for a model whose axes besides the batch are not all fixed. */
  readonly shape?: readonly number[];
  /** Waits between attempts to connect. */
  readonly backoff?: Partial<DeviceTuning['backoff']>;
  /** Milliseconds between questions whether there is upload budget again. Default 30,000. */
  readonly budgetRetryMs?: number;
  /** Time limits of the connection. */
  readonly transport?: Partial<TransportOptions>;
}

/**
 * Opens a device: reads the model, starts its threads, and resolves when it can predict. It connects to the cloud meanwhile
 * and afterwards; without a cloud it predicts all the same.
 *
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID, CREDENTIALS_UNREADABLE, ROOT_INVALID, SIGNATURE_INVALID; OnnxError ONNX_NOT_A_MODEL, ONNX_NO_NORMALIZATION
 */
export async function openDevice(options: OpenDeviceOptions): Promise<Device> {
  const cohort = checkIdentifier('cohort', options.cohort);
  const id = checkIdentifier('device id', options.id ?? hostIdentifier());
  const threads = checkThreads(options.threads ?? 1);
  const address = checkAddress(options.cloud);
  if (options.tls !== undefined) await checkTls(options.tls);
  const trust = options.trust === undefined ? undefined : await readTrust(options.trust, options.trustMemory);
  const { bytes, name, digest, inputName, outputName, shape, classes, exported } = await readEdgeModel(
    options.model,
    options.shape,
  );
  // Before any thread is started: this is the last thing that can be wrong with the options.
  const selection = resolveSelectionOptions(classes, options.selection);
  const sampleForm = checkForm(options.samples ?? 'auto');
  const images = openImages(shape, options);
  const inference = await NodeInference.open({
    ...{ model: bytes, name, threads, inputName, outputName, classes },
    inputShape: [1, ...shape],
    elements: elementsOf(shape),
    sampleForm,
  });
  return new Device({
    ...{ id, cohort, shape, classes, exported, inference, modelDigest: digest },
    transport: new GrpcTransport(address, { ...TRANSPORT_DEFAULTS, ...options.transport }, options),
    ...(trust && { trust }),
    ...(images && { images }),
    clock: nodeClock,
    random: nodeRandom,
    tuning: {
      selection,
      queue: { ...TUNING_DEFAULTS.queue, ...options.queue },
      backoff: { ...TUNING_DEFAULTS.backoff, ...options.backoff },
      budgetRetryMs: options.budgetRetryMs ?? TUNING_DEFAULTS.budgetRetryMs,
    },
  });
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

function checkForm(form: SampleForm): SampleForm {
  if (SAMPLE_FORMS.includes(form)) return form;
  const text = `the option samples is ${JSON.stringify(form)}; it has to be one of ${SAMPLE_FORMS.join(', ')}.`;
  throw new RenormError('REQUEST_INVALID', text);
}

function checkAddress(address: string): string {
  if (/^[^\s/]+:\d{1,5}$/.test(address)) return address;
  throw new RenormError(
    'REQUEST_INVALID',
    `the option cloud is ${JSON.stringify(address)}; it has to be host:port, for example localhost:7443.`,
  );
}
