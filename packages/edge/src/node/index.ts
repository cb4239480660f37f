// A device on Node.
export { type OpenDeviceOptions, openDevice } from './open-device.js';
export { Device, type Prediction } from '../core/device.js';
export type { Departed, DeviceEvents } from '../core/device-events.js';
export type { DeviceStatus, LastError } from '../core/device-status.js';
export type { ModelFacts, ModelOptions } from '../core/edge-model.js';
export type { Condition, HealthCode, HealthOptions } from '../core/health.js';
export type { SelectionReason } from '../core/policies/cema.js';
export { type SelectionOptions, selectionDefaults } from '../core/policies/cema-options.js';
export type { RenormReason } from '../core/policies/renorm.js';
export { type RenormSelectionOptions, renormSelectionDefaults } from '../core/policies/renorm-options.js';
export {
  type NamedSelection,
  POLICY_NAMES,
  type PolicyName,
  type SelectionChoice,
  type SelectionFunction,
} from '../core/policies/index.js';
export type { RankedClass } from '../core/labels.js';
export type { FrameInput, ImageInput, SampleInput } from '../core/sample-input.js';
export type { Decision, Observation, SelectionPolicy } from '../core/selection-policy.js';
export type { Consent, Redact, SelectedInput, UploadChoice } from '../core/device-options.js';
export type { SketchOptions } from '../core/sketch-window.js';
export type { QueueOptions } from '../core/upload-queue.js';

// What a program may have to name.
export { OnnxError } from '@renorm/onnx';
export { type ErrorCode, type Preprocessing, RenormError, type Tensor } from '@renorm/protocol';

// For who builds on the parts.
export { openLevelStore } from './level-store.js';
export type { DeviceStore, OpenedStore, RecordChange, StoredRecord } from '../core/platform.js';
export { readTrust } from './read-trust.js';
export { tryModel } from './try-model.js';
export { SketchSession } from './sketch-session.js';
export { sessionOptions } from './session-options.js';
export type { DeviceTls, TransportOptions } from './transport.js';
