import type { Reference, RenormError } from '@renorm/protocol';
import type { Condition } from './health.js';
import type { Departure } from './upload-queue.js';

/** What a device tells its listeners. */
export interface DeviceEvents {
  /** A new version serves: every later prediction is made by it. */
  version: { readonly number: number; readonly previous: number; readonly publishedAtMs: number };
  /** The cloud took the device in. */
  connected: { readonly latest: Reference };
  /** The connection ended, or could not be made; the device tries again by itself. Told once an outage. */
  disconnected: { readonly error: RenormError; readonly retryInMs: number };
  /**
   * Something went wrong that the device lives with: a version refused, a sample refused, a budget used up, no cloud.
   */
  error: RenormError;
  /** Something that goes on and needs somebody: it began, or it is over. `status().health` lists what goes on. */
  health: Condition & { readonly over: boolean };
  /** A sample no longer waits: it was uploaded, or given up. `device.log()` has the latest 10,000. */
  left: Departed;
  /** What the selection decided about a prediction, after it was returned. */
  decision: {
    readonly keep: boolean;
    /** In the policy's words. */
    readonly reason: string;
    readonly entropy: number;
    readonly version: number;
  };
}

/** A sample that waited and does no longer: what the owner of a device may want to know of it. */
export interface Departed {
  /** Names it on this device. */
  readonly ticket: number;
  /** Names it within the session of uploads; 0: it was never sent. */
  readonly sequence: number;
  /** `uploaded`: the cloud has it. The others have gone nowhere: no room, too old, refused by the cloud, erased. */
  readonly why: Departure;
  /** A `sketch` is of many samples, and no sample. */
  readonly kind: 'sketch' | 'fair' | 'scored';
  /** The policy that selected it, and why. */
  readonly reason?: string;
  /** Compressed bytes. */
  readonly bytes: number;
  /** When it was taken and when it left, in milliseconds since the Unix epoch. */
  readonly taken: number;
  readonly left: number;
}

/** Tells one event. */
export type Tell = <Name extends keyof DeviceEvents>(name: Name, payload: DeviceEvents[Name]) => void;
