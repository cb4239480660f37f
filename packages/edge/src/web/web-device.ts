import type { Device, Prediction } from '../core/device.js';
import type { DeviceEvents } from '../core/device-events.js';
import type { DeviceStatus } from '../core/device-status.js';
import type { ModelFacts } from '../core/edge-model.js';
import type { Listener } from '../core/events.js';
import { sampleOf, type WebSampleInput } from './sample-source.js';

/** A device in a browser: one as everywhere, which takes what a page has. */
export class WebDevice {
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
  }

  /**
   * Predicts one sample. Everything else about it happens after the promise has resolved.
   *
   * @param input what is drawn is copied before this returns
   * @throws RenormError SAMPLE_INVALID, IMAGE_UNREADABLE, INFERENCE_FAILED, CLOSED
   */
  async infer(input: WebSampleInput): Promise<Prediction> {
    const sample = sampleOf(input);
    return this.#device.infer(sample instanceof Promise ? await sample : sample);
  }

  /** What the device found out of its model, and what it did to it. */
  get model(): ModelFacts {
    return this.#device.model;
  }

  /** Counters and connection, as they are now. */
  status(): DeviceStatus {
    return this.#device.status();
  }

  /** Calls `listener` at every event of that name, until the function that comes back is called. */
  on<Name extends keyof DeviceEvents>(name: Name, listener: Listener<DeviceEvents[Name]>): () => void {
    return this.#device.on(name, listener);
  }

  /** Takes a listener off again. */
  off<Name extends keyof DeviceEvents>(name: Name, listener: Listener<DeviceEvents[Name]>): void {
    this.#device.off(name, listener);
  }

  /**
   * Uploads what waits without waiting for full batches.
   *
   * @param timeoutMs how long to try at most, in milliseconds
   * @returns the number of samples that still wait: 0 if all are on the cloud's disk
   */
  flush(timeoutMs?: number): Promise<number> {
    return this.#device.flush(timeoutMs);
  }

  /** Uploads what waits as long as the cloud answers, for 2 s at most, then ends workers and connections. */
  close(): Promise<void> {
    return this.#device.close();
  }
}
