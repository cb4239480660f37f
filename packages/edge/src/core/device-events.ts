import type { Reference, RenormError } from '@renorm/protocol';
import type { Condition } from './health.js';

/** What a device tells its listeners. */
export interface DeviceEvents {
  /** A new version serves: every later prediction is made by it. */
  version: { readonly number: number; readonly previous: number; readonly publishedAtMs: number };
  /** The cloud took the device in. */
  connected: { readonly latest: Reference };
  /** The connection ended, or could not be made; the device tries again by itself. Told once an outage. */
  disconnected: { readonly error: RenormError; readonly retryInMs: number };
  /** Something went wrong that the device lives with: a version refused, a sample refused, a budget used up, no cloud. */
  error: RenormError;
  /** Something that goes on and needs somebody: it began, or it is over. `status().health` lists what goes on. */
  health: Condition & { readonly over: boolean };
  /** What the selection decided about a prediction, after it was returned. */
  decision: {
    readonly keep: boolean;
    /** In the policy's words. */
    readonly reason: string;
    readonly entropy: number;
    readonly version: number;
  };
}

/** Tells one event. */
export type Tell = <Name extends keyof DeviceEvents>(name: Name, payload: DeviceEvents[Name]) => void;
