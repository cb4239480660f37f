// A device in a browser.
export { type OpenDeviceOptions, openDevice } from './open-device.js';
export { WebDevice } from './web-device.js';
export type { Prediction } from '../core/device.js';
export type { Drawable, WebSampleInput } from './sample-source.js';
export type { Source } from './read-source.js';
export type { TransportOptions } from './transport.js';
export type { Backend } from './worker-messages.js';
export type { DeviceEvents } from '../core/device-events.js';
export type { DeviceStatus, LastError } from '../core/device-status.js';
export type { ModelFacts, ModelOptions } from '../core/edge-model.js';
export type { Condition, HealthCode, HealthOptions } from '../core/health.js';
export { type SelectionOptions, selectionDefaults } from '../core/policies/cema-options.js';
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
export type { UploadChoice } from '../core/device-options.js';
export type { SketchOptions } from '../core/sketch-window.js';
export type { QueueOptions } from '../core/upload-queue.js';

// What a program may have to name. The class of the errors comes with what reads ONNX, later than this file.
export type { OnnxError } from '@renorm/onnx';
export { type ErrorCode, type Preprocessing, RenormError, type Tensor } from '@renorm/protocol';
