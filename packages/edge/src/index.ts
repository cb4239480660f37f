// The core of a device, without platform code. Programs open devices through `@renorm/edge/node`.

// For platforms: what a device is made of.
export { assembleDevice, type DeviceOptions, type ModelSetup, type Platform } from './core/assemble-device.js';
export { Device, type Prediction } from './core/device.js';
export type { Departed, DeviceEvents } from './core/device-events.js';
export { type DeviceParts, type DeviceTuning, TUNING_DEFAULTS } from './core/device-options.js';
export type { DeviceStatus, LastError } from './core/device-status.js';
export type { ModelFacts, ModelOptions } from './core/edge-model.js';
export type { Condition, HealthCode, HealthOptions } from './core/health.js';
export type { RankedClass } from './core/labels.js';
export type { FrameInput, ImageInput, SampleInput } from './core/sample-input.js';
export { BACKOFF_DEFAULTS, type BackoffOptions, backoffMs } from './core/backoff.js';
export { QUEUE_DEFAULTS, type QueueOptions } from './core/upload-queue.js';
export type {
  Clock,
  DeviceStore,
  Images,
  Inference,
  InferenceResult,
  OpenedStore,
  Random,
  RecordChange,
  StoredRecord,
  Transport,
  WatchHandlers,
  WireCounters,
} from './core/platform.js';
export { memoryStore } from './core/state/memory-store.js';

// The selection, for whoever wants it alone.
export type { Decision, Observation, SelectionPolicy } from './core/selection-policy.js';
export {
  type NamedSelection,
  POLICY_NAMES,
  type PolicyName,
  policyOf,
  type SelectionChoice,
  type SelectionFunction,
} from './core/policies/index.js';
export {
  initialSelection,
  type Selection,
  type SelectionReason,
  type SelectionState,
  select,
  unreliableThreshold,
} from './core/policies/cema.js';
export { resolveSelectionOptions, type SelectionOptions, selectionDefaults } from './core/policies/cema-options.js';
export type { RenormReason } from './core/policies/renorm.js';
export { type RenormSelectionOptions, renormSelectionDefaults } from './core/policies/renorm-options.js';
export type { Consent, Redact, SelectedInput, UploadChoice } from './core/device-options.js';
export type { SketchOptions } from './core/sketch-window.js';
export { sketchOf } from './core/sketcher.js';
export { EMPTY_WINDOW, gather, type Seen, type SketchWindow } from './core/sketch-window.js';
export { type Distribution, entropyOf, softmax } from './core/softmax.js';
