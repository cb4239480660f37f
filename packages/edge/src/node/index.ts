// A device on Node.
export { Device, type Prediction } from '../device.js';
export type { DeviceEvents } from '../device-events.js';
export type { DeviceStatus, LastError } from '../device-status.js';
export type { ImageInput, SampleInput } from '../sample-input.js';
export type { SelectionReason } from '../selection.js';
export { type SelectionOptions, selectionDefaults } from '../selection-options.js';
export type { QueueOptions } from '../upload-queue.js';
export { type OpenDeviceOptions, openDevice } from './open-device.js';
export { readTrust } from './read-trust.js';
export { sessionOptions } from './session-options.js';
export type { DeviceTls, TransportOptions } from './transport.js';
