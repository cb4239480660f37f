import type {
  EncodedSample,
  OpenedVersion,
  Receipt,
  Receiver,
  Reference,
  RenormError,
  Root,
  Selection,
  SignedMessage,
  VersionState,
  WatchResponse,
  Welcome,
} from '@renorm/protocol';
import type { ByteBudget } from './byte-budget.js';
import type { DeviceEvents } from './device-events.js';
import type { PendingSample, Worth } from './pending-sample.js';
import type { Remembered, WireCounters } from './platform.js';
import type { Left } from './upload-queue.js';

/** A moment on both clocks. */
export interface Moment {
  /** Milliseconds of the monotonic clock: for intervals. */
  readonly at: number;
  /** Milliseconds since the Unix epoch: for what expires, and for people. */
  readonly date: number;
  /** What has gone over the link by then. */
  readonly wire?: WireCounters;
}

/**
 * What happens to a session. `connection` is the number of the connection that it belongs to; what is of an older one
 * is passed over.
 */
export type SessionEvent =
  /** The device is open: connect. */
  | { readonly kind: 'start' }
  /** Time has passed. */
  | { readonly kind: 'tick' }
  /** The cloud answered an announcement, and its roots have been followed; `root` is the one to trust now. */
  | { readonly kind: 'announced'; readonly connection: number; readonly welcome: Welcome; readonly root?: Root }
  | { readonly kind: 'not-announced'; readonly connection: number; readonly error: RenormError }
  /** A message came on the stream of versions. */
  | { readonly kind: 'arrived'; readonly connection: number; readonly response: WatchResponse }
  /** The stream ended. */
  | { readonly kind: 'ended'; readonly connection: number; readonly error: RenormError }
  /** The oldest message was checked. */
  | { readonly kind: 'verified'; readonly connection: number; readonly opened: OpenedVersion }
  | { readonly kind: 'not-verified'; readonly connection: number; readonly error: RenormError }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'not-loaded'; readonly error: RenormError }
  | { readonly kind: 'not-remembered'; readonly error: RenormError }
  /** The version of that number was tried while it serves, and is not to. */
  | { readonly kind: 'unfit'; readonly number: number; readonly error: RenormError }
  /** What is to be kept over a restart cannot be written; it can again. */
  | { readonly kind: 'not-kept'; readonly error: RenormError }
  | { readonly kind: 'kept' }
  /** The selection decided about a prediction. */
  | { readonly kind: 'decided'; readonly upload: boolean; readonly reason: string }
  /** A sample that was selected is encoded. */
  | { readonly kind: 'sample'; readonly sample: SelectedSample }
  /** A sample that was selected could not be encoded. */
  | { readonly kind: 'not-encoded'; readonly error: RenormError }
  | { readonly kind: 'uploaded'; readonly receipt: Receipt }
  | { readonly kind: 'not-uploaded'; readonly connection: number; readonly error: RenormError }
  /** Whether to send without waiting for full batches. */
  | { readonly kind: 'hurry'; readonly on: boolean }
  /** Erase what waits. */
  | { readonly kind: 'erase' }
  | { readonly kind: 'close' };

/** A sample on its way into the queue. */
export interface SelectedSample extends Worth {
  readonly encoded: EncodedSample;
  readonly version: number;
  readonly entropy: number;
  readonly selection?: Selection;
}

/**
 * What is to be done about it, in this order within a step: a stream is let go before another is asked for, what must
 * not be forgotten is on its way to the disk before anything rests on it (a load waits for it), people are told last.
 * `wake` replaces the one before.
 */
export type Effect =
  /** Let the stream of versions go. */
  | { readonly kind: 'unwatch' }
  | { readonly kind: 'remember'; readonly remembered: Remembered }
  /** Keep a sample that waits. */
  | { readonly kind: 'spool'; readonly sample: PendingSample; readonly given: SelectedSample }
  /** Keep the sequences that a batch got, before it is sent under them. */
  | { readonly kind: 'number'; readonly batch: readonly PendingSample[]; readonly sequence: number }
  /** Let samples go that no longer wait. */
  | { readonly kind: 'forget'; readonly left: readonly Left[] }
  /** Keep the version in force. */
  | { readonly kind: 'hold'; readonly version: VersionState }
  /** Keep what went over the link of late. */
  | { readonly kind: 'account'; readonly budget: ByteBudget; readonly now: Moment }
  /** Announce the device, and follow the roots that the cloud serves from `root`. */
  | {
      readonly kind: 'announce';
      readonly connection: number;
      readonly running: Reference;
      readonly root: Root | undefined;
    }
  /** Open the stream of versions behind `running`. */
  | { readonly kind: 'watch'; readonly connection: number; readonly running: Reference }
  /** Check a message: against `receiver`, or without trust take what it says. */
  | {
      readonly kind: 'verify';
      readonly connection: number;
      readonly response: WatchResponse;
      readonly receiver: Receiver | undefined;
    }
  | { readonly kind: 'load'; readonly version: VersionState }
  | { readonly kind: 'upload'; readonly connection: number; readonly batch: readonly PendingSample[] }
  | TellEffect
  /** Call back with `tick` at this time of the monotonic clock; undefined: not at all. */
  | { readonly kind: 'wake'; readonly at: number | undefined };

/** An effect of a kind. */
export type EffectOf<Kind extends Effect['kind']> = Effect & { readonly kind: Kind };

type TellEffect = {
  [Name in keyof DeviceEvents]: { readonly kind: 'tell'; readonly name: Name; readonly payload: DeviceEvents[Name] };
}[keyof DeviceEvents];

/** The effect of telling something. */
export const telling = <Name extends keyof DeviceEvents>(name: Name, payload: DeviceEvents[Name]): Effect =>
  ({ kind: 'tell', name, payload }) as TellEffect;

/** Effects in the order in which they are to be carried out. */
const ORDER: readonly Effect['kind'][] = [
  'unwatch',
  'remember',
  'spool',
  'number',
  'forget',
  'hold',
  'account',
  'announce',
  'watch',
  'verify',
  'load',
  'upload',
  'tell',
  'wake',
];

/** Puts the effects of a step in order; those of a kind stay as they came. */
export function inOrder(effects: readonly Effect[]): readonly Effect[] {
  return [...effects].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/** What a device trusts, and the roots that led there. */
export interface TrustState {
  readonly root: Root;
  readonly roots: readonly SignedMessage[];
}
