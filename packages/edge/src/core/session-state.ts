import type { ErrorCode, RenormError, Root, VersionState, WatchResponse } from '@renorm/protocol';
import { type ByteBudget, type ByteBudgetOptions, UNSPENT } from './byte-budget.js';
import type { DeviceEvents } from './device-events.js';
import type { LastError } from './device-status.js';
import { type Effect, inOrder, type Moment, type TrustState, telling } from './effects.js';
import { begin, HEALTHY, type Health, type HealthOptions } from './health.js';
import type { Recalled, WireCounters } from './platform.js';
import type { UploadQueue } from './upload-queue.js';
import { NO_UPLOADS, type Uploads, type UploadTuning } from './uploads.js';
import { initialVersions, type ProvenVersion, underRoot, type Versions } from './versions.js';

/** What a device does with a cloud, as data. `step` says how it goes on; a runner carries out what that asks for. */
export interface Session {
  readonly setup: SessionSetup;
  readonly phase: 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';
  /** Counts connections, so that what comes late of an older one is known. */
  readonly connection: number;
  /** When it became connected or lost the connection, on both clocks. */
  readonly since: Moment;
  /** Attempts that failed, in a row. */
  readonly failures: number;
  /** When to try again, while waiting. */
  readonly retryAt: number;
  /** An announcement for the terms of the cloud is on its way. */
  readonly isAsking: boolean;
  /** Messages that wait to be checked, the oldest first; that one is being checked. */
  readonly inbox: readonly WatchResponse[];
  /** The stream has ended; that counts once the inbox is empty. */
  readonly ending: RenormError | undefined;
  readonly trust: TrustState | undefined;
  readonly versions: Versions;
  readonly uploads: Uploads;
  readonly health: Health;
  /** What went over the link of late, and what of it is counted there. */
  readonly budget: ByteBudget;
  readonly counted: WireCounters;
  /** What was told of the present outage; a refusal counts on until something is taken. */
  readonly outage: ErrorCode | undefined;
  readonly refusal: ErrorCode | undefined;
  readonly lastError: LastError | undefined;
  /** Bytes of samples that came since what is to be kept cannot be written; undefined while it can. */
  readonly unkeptBytes: number | undefined;
  /** What the runner was asked to wake it at. */
  readonly wakeAt: number | undefined;
}

/** What a session does not change. */
export interface SessionSetup extends UploadTuning {
  readonly cohort: string;
  readonly modelDigest: Uint8Array;
  readonly health: HealthOptions;
  readonly budget: ByteBudgetOptions;
}

/** What an earlier run left behind. */
export interface Resumed {
  /** The version in force, which is loaded already. */
  readonly version?: ProvenVersion;
  /** What went over the link of late. */
  readonly budget?: ByteBudget;
  /** Samples that wait, and the last sequence that was given. */
  readonly queue: UploadQueue;
  /** Why something else is gone. */
  readonly lost?: string;
}

/** A device before it connects. @param recalled what it remembered of an earlier run, already under `root` */
export function initialSession(
  setup: SessionSetup,
  exported: VersionState,
  now: Moment,
  root?: Root,
  recalled?: Recalled,
  resumed?: Resumed,
): Session {
  const fresh = initialVersions(exported, recalled, resumed?.version);
  const { lost: forgotten } = recalled ?? {};
  const healthy = forgotten === undefined ? HEALTHY : begin(HEALTHY, 'TRUST_MEMORY_LOST', now.date, forgotten);
  const { lost } = resumed ?? {};
  return {
    ...{ setup, phase: 'idle', connection: 0, since: now, failures: 0, retryAt: 0, isAsking: false },
    ...{ inbox: [], ending: undefined, outage: undefined, refusal: undefined, lastError: undefined, wakeAt: undefined },
    unkeptBytes: undefined,
    ...{ budget: resumed?.budget ?? UNSPENT, counted: { bytesUp: 0, bytesDown: 0 } },
    trust: root && { root, roots: recalled?.roots ?? [] },
    versions: root === undefined ? fresh : underRoot(fresh, root),
    uploads: resumed === undefined ? NO_UPLOADS : { ...NO_UPLOADS, queue: resumed.queue },
    health: lost === undefined ? healthy : begin(healthy, 'STATE_LOST', now.date, lost),
  };
}

/** A step in the making: the session as it becomes, and what is to be done. Lives no longer than the step. */
export class Draft {
  readonly before: Session;
  session: Session;
  readonly now: Moment;
  /** Uniform in [0, 1). */
  readonly random: number;
  #effects: Effect[] = [];

  constructor(session: Session, now: Moment, random: number) {
    this.before = session;
    this.session = session;
    this.now = now;
    this.random = random;
  }

  /** What is to be done, in order. */
  get effects(): readonly Effect[] {
    return inOrder(this.#effects);
  }

  set(changes: Partial<Session>): void {
    this.session = { ...this.session, ...changes };
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** What this step was to do and is not to. */
  withdraw(kind: Effect['kind']): void {
    this.#effects = this.#effects.filter((effect) => effect.kind !== kind);
  }

  tell<Name extends keyof DeviceEvents>(name: Name, payload: DeviceEvents[Name]): void {
    this.effect(telling(name, payload));
  }

  /** Something went wrong that the device lives with. */
  fail(error: RenormError): void {
    this.set({ lastError: { code: error.code, message: error.message, at: this.now.date } });
    this.tell('error', error);
  }

  /** Puts what must not be forgotten on its way to the memory. */
  remember(): void {
    const { trust, versions } = this.session;
    if (trust === undefined) return;
    const { newest, vouchedBy } = versions;
    this.effect({ kind: 'remember', remembered: { newest, vouchedBy, roots: trust.roots } });
  }
}
