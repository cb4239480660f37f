import { checkOptions, checkToken, type OptionRules, option, RenormError, toHex } from '@renorm/protocol';
import { assembleDevice, type DeviceOptions, type ModelSetup } from '../core/assemble-device.js';
import { DEVICE_RULES } from '../core/option-rules.js';
import type { Inference } from '../core/platform.js';
import { SwappedInference } from '../core/swapped-inference.js';
import { readEdgeModel } from './edge-model.js';
import { ImageThreads } from './image-threads.js';
import type { NamedStore } from './indexed-store.js';
import { isSource, type Source } from './read-source.js';
import { readTrust } from './read-trust.js';
import { SessionWorker } from './session-worker.js';
import { TRANSPORT_DEFAULTS, type TransportOptions, WebTransport } from './transport.js';
import { WebDevice } from './web-device.js';
import { webClock, webRandom } from './web-runtime.js';
import type { Backend } from './worker-messages.js';
import type { StartWorker } from './worker-thread.js';

/** What a device in a browser is opened with. */
export interface OpenDeviceOptions extends Omit<DeviceOptions, 'id' | 'cloud'> {
  /** The ONNX file, the same that the cloud was started with: where it is, or its bytes. */
  readonly model: Source;
  /**
   * Where the cloud listens: `https://cloud.example:7443`. It was started with the origin of this page
   * (`renorm cloud --web-origins`).
   */
  readonly cloud: string | URL;
  /** This device in its cohort, in the same alphabet as `cohort`. Default: drawn at random, and kept with `state`. */
  readonly id?: string;
  /** What the cloud knows this device's cohort by, if it asks. */
  readonly token?: string;
  /**
   * Root metadata, as `renorm keys` makes them: where they are, or the bytes. Versions that no key of theirs signed are
   * refused. Without it the device takes versions from whoever answers: for demonstrations on one machine.
   */
  readonly trust?: Source;
  /**
   * Name of a database in this browser for what outlives the page, of one device alone: the version in force, what the
   * selection remembers, the samples that wait, the device's name, and with `trust` the newest version and the roots.
   * Without it a page that is loaded anew begins anew.
   */
  readonly state?: string;
  /** Which processor computes. Default `auto`: the GPU by WebGPU where there is one, else WebAssembly. */
  readonly backend?: Backend;
  /**
   * Threads that compute one prediction in WebAssembly. Default: up to 4 on a page that is isolated from others (COOP
   * and COEP), else 1.
   */
  readonly threads?: number;
  /** Folder with the files of onnxruntime-web, for a page whose bundler does not find them. */
  readonly wasmPaths?: string;
  /**
   * The program of the workers, for a bundler that does not follow `new URL(…, import.meta.url)`: where it is, or what
   * starts it.
   */
  readonly worker?: string | URL | (() => Worker);
  /** Time limits of the connection. */
  readonly transport?: Partial<TransportOptions>;
}

const source = { what: 'an address, a Blob or bytes', is: isSource };
const address = { what: 'an address', is: (value: unknown) => typeof value === 'string' || value instanceof URL };

const RULES = {
  ...DEVICE_RULES,
  model: option.required(source),
  cloud: option.required(address),
  token: option.text,
  trust: source,
  state: option.text,
  backend: option.oneOf('auto', 'webgpu', 'wasm'),
  threads: option.number,
  wasmPaths: option.text,
  worker: { what: 'an address or a function', is: (value) => typeof value === 'function' || address.is(value) },
  transport: option.like(TRANSPORT_DEFAULTS),
} satisfies OptionRules<OpenDeviceOptions>;

/**
 * Opens a device: reads the model, starts its workers, and resolves when it can predict. It connects to the cloud
 * meanwhile and afterwards; without a cloud it predicts all the same.
 *
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID, CREDENTIALS_UNREADABLE, ROOT_INVALID, SIGNATURE_INVALID,
 *   DATA_IN_USE, DATA_NOT_WRITABLE; OnnxError: the model cannot be read or adapted
 */
export async function openDevice(options: OpenDeviceOptions): Promise<WebDevice> {
  checkOptions('openDevice', options, RULES);
  if (!isSecureContext) {
    const text = `a page of ${location.origin} has no WebCrypto, without which no version can be checked; serve it over https, or from localhost.`;
    throw new RenormError('REQUEST_INVALID', text);
  }
  const { model, token, trust, state, threads, wasmPaths, backend = 'auto' } = options;
  const cloud = cloudOf(options.cloud);
  const start = starterOf(options.worker);
  const platform = {
    clock: webClock(),
    random: webRandom,
    openCodecs: () => new ImageThreads(start),
    openInference: (setup: ModelSetup): Promise<Inference> =>
      SwappedInference.open(
        setup,
        (onFree, onDeath) => new SessionWorker({ ...setup, backend, threads, wasmPaths }, start, onFree, onDeath),
      ),
    connect: () => new WebTransport(cloud.origin, { ...TRANSPORT_DEFAULTS, ...options.transport }, token),
  };
  const readCredentials = async () => {
    if (token !== undefined) checkToken(token, 'the option token');
    return trust === undefined ? undefined : readTrust(trust);
  };
  const drawn = `browser-${toHex(webRandom.bytes(8))}`;
  const opened = state === undefined ? undefined : await openState(state, drawn);
  const address = `${cloud.hostname}:${cloud.port || DEFAULT_PORTS[cloud.protocol]}`;
  const given = { ...options, id: options.id ?? opened?.id ?? drawn, cloud: address };
  const whole = { ...platform, ...(opened && { openStore: async () => opened }) };
  try {
    return new WebDevice(await assembleDevice(whole, given, () => readEdgeModel(model, options), readCredentials));
  } catch (error) {
    await opened?.store.close();
    throw error;
  }
}

/** Loaded where it is wanted alone. */
async function openState(name: string, id: string): Promise<NamedStore> {
  const { openIndexedStore } = await import('./indexed-store.js');
  return openIndexedStore(name, id);
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** @throws RenormError REQUEST_INVALID */
function cloudOf(given: string | URL): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && url.protocol in DEFAULT_PORTS) return url;
  const text = `the option cloud is ${JSON.stringify(String(given))}; it has to be the address of the cloud, for example https://cloud.example:7443.`;
  throw new RenormError('REQUEST_INVALID', text);
}

function starterOf(worker: OpenDeviceOptions['worker']): StartWorker {
  if (typeof worker === 'function') return worker;
  if (worker !== undefined) return () => new Worker(worker, { type: 'module' });
  // In one expression: bundlers look for it so.
  return () => new Worker(new URL('./worker-entry.js', import.meta.url), { type: 'module' });
}
