// The core of a device, without platform code. Programs open devices through `@renorm/edge/node`.

// For platforms: what a device is made of.
export { Device, type Prediction } from './core/device.js';
export type { DeviceEvents } from './core/device-events.js';
export { type DeviceParts, type DeviceTuning, TUNING_DEFAULTS } from './core/device-options.js';
export type { DeviceStatus, LastError } from './core/device-status.js';
export type { ImageInput, SampleInput } from './core/sample-input.js';
export { BACKOFF_DEFAULTS, type BackoffOptions, backoffMs } from './core/backoff.js';
export { QUEUE_DEFAULTS, type QueueOptions } from './core/upload-queue.js';
export type {
  Clock,
  Images,
  Inference,
  InferenceResult,
  Random,
  Transport,
  WatchHandlers,
  WireCounters,
} from './core/platform.js';

// The selection, for whoever wants it alone.
export {
  initialSelection,
  type Selection,
  type SelectionReason,
  type SelectionState,
  select,
  unreliableThreshold,
} from './core/selection.js';
export { resolveSelectionOptions, type SelectionOptions, selectionDefaults } from './core/selection-options.js';
export { type Distribution, entropyOf, softmax } from './core/softmax.js';
