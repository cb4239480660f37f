import { FakeCloud } from './fake-cloud.test-support.js';
import { type Device, type DeviceEvents, type OpenDeviceOptions, openDevice } from './index.js';
import { KEEP_ALL, TINY_MODEL, TINY_SHAPE, tinyParameters } from './tiny-model.test-support.js';

/** Short waits, and a selection that keeps everything. */
const QUICK: Partial<OpenDeviceOptions> = {
  selection: KEEP_ALL,
  queue: { lingerMs: 20 },
  backoff: { initialMs: 20, maxMs: 200 },
  budgetRetryMs: 50,
};
/** Opens a device of the tiny model. */
export const open = (cloud: { address: string } | string, options: Partial<OpenDeviceOptions> = {}): Promise<Device> =>
  openDevice({
    ...{ model: TINY_MODEL, cohort: 'lobby', id: 'cam-1', cloud: typeof cloud === 'string' ? cloud : cloud.address },
    ...{ ...QUICK, ...options },
  });
/** A cloud for it. */
export const startCloud = (port = 0): Promise<FakeCloud> => FakeCloud.start(TINY_SHAPE, tinyParameters(), port);
/** The i-th of different samples. */
export const sample = (i: number): Float32Array =>
  Float32Array.from({ length: 12 }, (_, k) => ((i * 12 + k) % 256) / 255);
/** Predicts samples one after the other. */
export const predict = async (device: Device, from: number, count: number): Promise<void> => {
  for (let i = from; i < from + count; i++) await device.infer(sample(i));
};
/** Collects the events of a name. */
export const record = <Name extends keyof DeviceEvents>(device: Device, name: Name): DeviceEvents[Name][] => {
  const events: DeviceEvents[Name][] = [];
  device.on(name, (event) => events.push(event));
  return events;
};
/** The sequences of the samples that a cloud has, in the order in which they came. */
export const sequencesOf = (cloud: FakeCloud): number[] => [...cloud.samples.values()].map(({ sequence }) => sequence);
