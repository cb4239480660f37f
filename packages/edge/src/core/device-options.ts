import type { RenormError, VersionState } from '@renorm/protocol';
import { BACKOFF_DEFAULTS, type BackoffOptions } from './backoff.js';
import { BYTE_BUDGET_DEFAULTS, type ByteBudgetOptions } from './byte-budget.js';
import type { ModelFacts } from './edge-model.js';
import { HEALTH_DEFAULTS, type HealthOptions } from './health.js';
import type { Clock, DeviceStore, Images, Inference, Random, Transport, Trust } from './platform.js';
import { policyOf } from './policies/index.js';
import type { SelectionPolicy } from './selection-policy.js';
import type { SketchOptions } from './sketch-window.js';
import type { RecalledState } from './state/recall.js';
import { QUEUE_DEFAULTS, type QueueOptions } from './upload-queue.js';
import type { ProvenVersion } from './versions.js';

/** `samples`: those that the selection chooses. `none`: no sample ever leaves the device, only sketches do. */
export type UploadChoice = 'samples' | 'none';

/**
 * `ask`: not before `setConsent(true)`, which is remembered with the state. `false`: not before it either, and anew at
 * each start.
 */
export type Consent = boolean | 'ask';

/** A sample that was selected. */
export interface SelectedInput {
  /** As the model takes them: for an image those of its pixels, channel by channel, normalized. */
  readonly values: Float32Array;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  /** The class that was predicted. */
  readonly label: number;
}

/**
 * Says what of a sample may leave: the values to send in its place (the same array, changed, or another of its length),
 * or undefined: nothing. What it throws is told, and nothing leaves.
 */
export type Redact = (sample: SelectedInput) => Float32Array | undefined | Promise<Float32Array | undefined>;

/** How a device behaves, apart from what it runs and where. */
export interface DeviceTuning {
  readonly selection: SelectionPolicy;
  readonly queue: QueueOptions;
  readonly backoff: BackoffOptions;
  /** Milliseconds between questions whether there is upload budget again. Default 30,000. */
  readonly budgetRetryMs: number;
  /** Whether samples leave the device. Default: `samples`. */
  readonly upload?: UploadChoice;
  /** Whether anything of the samples may leave the device. Default: true. */
  readonly consent?: Consent;
  /** Sees each sample before anything else is done with it. */
  readonly redact?: Redact;
  /** What sketches are made of; without it none are. */
  readonly sketches?: SketchOptions;
  /** What may go over the link. */
  readonly budget: ByteBudgetOptions;
  /** When something is worth a word. */
  readonly health: HealthOptions;
}

export const TUNING_DEFAULTS: DeviceTuning = {
  selection: policyOf(),
  queue: QUEUE_DEFAULTS,
  backoff: BACKOFF_DEFAULTS,
  budgetRetryMs: 30_000,
  budget: BYTE_BUDGET_DEFAULTS,
  health: HEALTH_DEFAULTS,
};

/** What a device is made of. The platform's `openDevice` fills this in. */
export interface DeviceParts {
  readonly id: string;
  readonly cohort: string;
  /** SHA-256 of the model file. */
  readonly modelDigest: Uint8Array;
  /** Shape of the model's input without the batch axis. */
  readonly shape: readonly number[];
  readonly classes: number;
  /** Names of the classes. */
  readonly labels?: readonly string[];
  /** What the cloud is told, and the user. */
  readonly model: ModelFacts;
  /** Version 0: the model as exported. */
  readonly exported: VersionState;
  readonly inference: Inference;
  /** For a model that takes images. */
  readonly images?: Images;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly tuning: DeviceTuning;
  /** Whose versions are taken. Without it anybody's are. */
  readonly trust?: Trust;
  /** What outlives the device. Without it nothing does. */
  readonly store?: DeviceStore;
  /** What an earlier run left there. */
  readonly recalled?: RecalledState;
  /** The version that it left in force, which is loaded already. */
  readonly version?: ProvenVersion;
  /** Why that version is not taken. */
  readonly refusal?: RenormError;
}
