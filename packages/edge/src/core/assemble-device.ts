import {
  checkIdentifier,
  elementsOf,
  type Preprocessing,
  RenormError,
  SAMPLE_FORMS,
  type SampleForm,
} from '@renorm/protocol';
import { type ByteBudgetOptions, resolveByteBudget } from './byte-budget.js';
import { Device } from './device.js';
import { type Consent, type DeviceTuning, type Redact, TUNING_DEFAULTS, type UploadChoice } from './device-options.js';
import type { EdgeModel, ModelOptions } from './edge-model.js';
import { type HealthOptions, resolveHealthOptions } from './health.js';
import { openImages } from './images.js';
import { checkLabels } from './labels.js';
import type { Clock, ImageCodecs, Inference, OpenedStore, Random, Transport, Trust } from './platform.js';
import { policyOf, type SelectionChoice } from './policies/index.js';
import { resolveSketchOptions, type SketchOptions } from './sketch-window.js';
import { loadResumed, resumeState } from './state/resume.js';
import type { QueueOptions } from './upload-queue.js';

/** What a device is opened with on every platform. */
export interface DeviceOptions extends ModelOptions {
  /** Where the cloud listens: host:port. */
  readonly cloud: string;
  /** Devices that share a model and an environment: 1 to 128 characters out of A-Z a-z 0-9 . _ - */
  readonly cohort: string;
  /** This device in its cohort, in the same alphabet. */
  readonly id: string;
  /**
   * Which samples are uploaded: a policy by name (`'uncertain'`), by name with options
   * (`{ policy: 'random', share: 0.05 }`), options of the default policy, or a policy or a function of your own.
   * Default: `'renorm'`.
   */
  readonly selection?: SelectionChoice;
  /**
   * Whether samples leave the device: those that the selection chooses (`samples`, the default), or `none`: then the
   * cloud learns from sketches alone, of which no image can be made.
   */
  readonly upload?: UploadChoice;
  /**
   * Whether samples, and sketches of them, may leave the device: true (the default), false, or `'ask'`: not before
   * `device.setConsent(true)`, which is remembered with `state`. What is predicted meanwhile is not kept for later.
   */
  readonly consent?: Consent;
  /**
   * Sees each selected sample before it is kept or sent, and says what of it may: other values, or undefined for
   * nothing. With it samples travel as values and not as the files that they came from. Sketches, of which no image can
   * be made, it does not see.
   */
  readonly redact?: Redact;
  /** Makes sketches, of which images; see SketchOptions. Default: with `upload: 'none'` the defaults, else none. */
  readonly sketches?: Partial<SketchOptions>;
  /** Bytes that may go over the link in any hour and any day, up and down together. Default: no bound. */
  readonly budget?: Partial<ByteBudgetOptions>;
  /** Bounds of the upload queue. */
  readonly queue?: Partial<QueueOptions>;
  /** How samples travel; pixels (k / 255) always as one byte each. Default: `auto`, which loses next to nothing. */
  readonly samples?: SampleForm;
  /**
   * How image files, given as `{ image }`, become the model's input. Default: `{ fit: 'stretch' }`, scaled to [0, 1].
   */
  readonly preprocessing?: Preprocessing;
  /** Names of the classes, in the order of their indices. Default: those in the model's metadata. */
  readonly labels?: readonly string[];
  /**
   * 1 to 100: samples that are images travel as WebP of this quality, with loss, where that is smaller. Default:
   * without loss.
   */
  readonly quality?: number;
  /** Waits between attempts to connect. */
  readonly backoff?: Partial<DeviceTuning['backoff']>;
  /** Milliseconds between questions whether there is upload budget again. Default 30,000. */
  readonly budgetRetryMs?: number;
  /** When starvation, saturation and the like are told. */
  readonly health?: Partial<HealthOptions>;
}

/** What a platform brings to a device. */
export interface Platform {
  readonly clock: Clock;
  readonly random: Random;
  openCodecs(): ImageCodecs;
  /** @throws RenormError MODEL_UNREADABLE */
  openInference(setup: ModelSetup): Promise<Inference>;
  /** @param address host:port */
  connect(address: string): Transport;
  /** Opens what outlives the device; left out, nothing does. @throws RenormError DATA_IN_USE, DATA_NOT_WRITABLE */
  openStore?(): Promise<OpenedStore>;
}

/** What a model's sessions are made of. */
export interface ModelSetup {
  readonly model: Uint8Array;
  readonly name: string;
  readonly inputName: string;
  readonly outputName: string;
  /** With a batch axis of 1. */
  readonly inputShape: readonly number[];
  /** Values of a sample. */
  readonly elements: number;
  readonly classes: number;
  readonly sampleForm: SampleForm;
}

/**
 * Puts a device together: the last third of every platform's `openDevice`.
 *
 * @param readModel called after the options that need no model have been checked
 * @throws RenormError MODEL_UNREADABLE, REQUEST_INVALID, and what `readModel` throws
 */
export async function assembleDevice(
  platform: Platform,
  options: DeviceOptions,
  readModel: () => Promise<EdgeModel>,
  readTrust: () => Promise<Trust | undefined>,
): Promise<Device> {
  const cohort = checkIdentifier('cohort', options.cohort);
  const id = checkIdentifier('device id', options.id);
  const address = checkAddress(options.cloud);
  const given = await readTrust();
  const model = await readModel();
  const { name, digest, inputName, outputName, shape, classes, exported, canSketch } = model;
  // Before any thread is started: this is the last thing that can be wrong with the options.
  const selection = policyOf(options.selection);
  selection.initial(classes);
  const sketches = sketching(options, name, canSketch);
  const health = resolveHealthOptions(options.health);
  const budget = resolveByteBudget(options.budget);
  const sampleForm = checkForm(options.samples ?? 'auto', model);
  const labels = options.labels === undefined ? model.labels : checkLabels(options.labels, classes);
  const byModel = model.preprocessing && { preprocessing: model.preprocessing };
  const images = openImages(shape, { ...byModel, ...options }, () => platform.openCodecs());
  const open: { close(): Promise<void> }[] = images ? [images] : [];
  try {
    const opened = await platform.openStore?.();
    if (opened !== undefined) open.push(opened.store);
    const identity = { cohort, modelDigest: digest };
    const kept = opened && (await resumeState(opened, identity, exported, given));
    const inference = await platform.openInference({
      ...{ model: model.bytes, name, inputName, outputName, classes, sampleForm },
      inputShape: [1, ...shape],
      elements: elementsOf(shape),
    });
    open.push(inference);
    const resumed = kept && (await loadResumed(kept, inference));
    const trust = resumed?.trust ?? given;
    const transport = platform.connect(address);
    return new Device({
      ...{ id, cohort, shape, classes, exported, inference, transport, modelDigest: digest },
      model: { shape, classes, output: model.output, changes: model.changes },
      ...(labels && { labels }),
      ...(images && { images }),
      ...(opened && { store: opened.store }),
      ...resumed,
      ...(trust && { trust }),
      clock: platform.clock,
      random: platform.random,
      tuning: {
        ...{ selection, health, budget, upload: options.upload ?? 'samples' },
        ...(sketches && { sketches }),
        ...(options.consent !== undefined && { consent: options.consent }),
        ...(options.redact && { redact: options.redact }),
        queue: { ...TUNING_DEFAULTS.queue, ...options.queue },
        backoff: { ...TUNING_DEFAULTS.backoff, ...options.backoff },
        budgetRetryMs: options.budgetRetryMs ?? TUNING_DEFAULTS.budgetRetryMs,
      },
    });
  } catch (error) {
    // Threads and locks that nobody ends would outlive the call.
    await Promise.all(open.map((each) => each.close()));
    throw error;
  }
}

function sketching(options: DeviceOptions, model: string, canSketch: boolean): SketchOptions | undefined {
  const { upload = 'samples', sketches } = options;
  if (upload === 'samples' && sketches === undefined) return undefined;
  const resolved = resolveSketchOptions(sketches);
  if (canSketch) return resolved;
  throw new RenormError(
    'REQUEST_INVALID',
    `no sketches can be made of ${model}: it has no BatchNormalization, or one was folded into a convolution when it was exported. Export it without folding, or leave out the options sketches and upload: 'none'; to upload nothing at all take the selection 'nothing'.`,
  );
}

/** What is whole numbers, such as token ids, travels as it is. */
function checkForm(form: SampleForm, { takesIntegers }: EdgeModel): SampleForm {
  if (SAMPLE_FORMS.includes(form)) return takesIntegers ? 'exact' : form;
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
