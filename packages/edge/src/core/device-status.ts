import type { ErrorCode } from '@renorm/protocol';
import type { Condition } from './health.js';

/** The last thing that went wrong. It stays after it is over; `at` says when it was. */
export interface LastError {
  readonly code: ErrorCode;
  readonly message: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** A device at a moment. Counts are since it was opened. */
export interface DeviceStatus {
  /** The number of the version that makes the predictions. */
  readonly version: number;
  /** The root metadata that versions are checked against; 0 if the device was opened without trust and checks none. */
  readonly rootVersion: number;
  /** Whether the cloud has taken the device in and the stream of versions is open. */
  readonly connected: boolean;
  /** Since when it has been connected or not, in milliseconds since the Unix epoch. */
  readonly connectionSince: number;
  readonly predictions: number;
  /** Samples that the selection kept. */
  readonly selected: number;
  /** Samples that the cloud has on disk. */
  readonly uploaded: number;
  /** Samples that wait. */
  readonly pending: number;
  /** Samples given up: the queue was full, or the cloud refused them. */
  readonly dropped: number;
  /** Bytes of gRPC messages sent and received, with their frame prefixes; not HTTP/2 headers or TCP. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** What goes on and needs somebody, since when, and what to do about it; empty if nothing does. */
  readonly health: readonly Condition[];
  readonly lastError?: LastError;
}

/** What to do about MODEL_UNKNOWN. */
export const MODEL_UNKNOWN_ADVICE =
  "the cloud adapts another model than this device runs, so nothing is uploaded and no version comes; start both with the same ONNX file (the cloud's --edge-model). The device goes on predicting.";
