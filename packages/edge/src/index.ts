// The core of a device, without platform code. Programs open devices through `@renorm/edge/node`.

export { BACKOFF_DEFAULTS, type BackoffOptions, backoffMs } from './backoff.js';
// For platforms: what a device is made of.
export { Device, type Prediction } from './device.js';
export type { DeviceEvents } from './device-events.js';
export { type DeviceParts, type DeviceTuning, TUNING_DEFAULTS } from './device-options.js';
export type { DeviceStatus, LastError } from './device-status.js';
export type {
  Clock,
  Images,
  Inference,
  InferenceResult,
  Random,
  Transport,
  WatchHandlers,
  WireCounters,
} from './runtime.js';
export type { ImageInput, SampleInput } from './sample-input.js';
// The selection, for whoever wants it alone.
export {
  initialSelection,
  type Selection,
  type SelectionReason,
  type SelectionState,
  select,
  unreliableThreshold,
} from './selection.js';
export { resolveSelectionOptions, type SelectionOptions, selectionDefaults } from './selection-options.js';
export { type Distribution, entropyOf, softmax } from './softmax.js';
export { QUEUE_DEFAULTS, type QueueOptions } from './upload-queue.js';
