import { errorFromGrpc, type RenormError, type VersionState } from '@renorm/protocol';
import { shifted } from '../byte-budget.js';
import type { Moment } from '../effects.js';
import type { Inference, OpenedStore, Trust } from '../platform.js';
import type { Resumed } from '../session-state.js';
import { restoredQueue } from '../upload-queue.js';
import type { ProvenVersion } from '../versions.js';
import { provenVersion } from './proven.js';
import { type RecalledState, recallState } from './recall.js';
import type { Identity } from './records.js';
import { followRecalled } from './trust-memory.js';

/** What a device goes on from. */
export interface ResumedState {
  readonly recalled: RecalledState;
  /** Has followed the roots that were kept. */
  readonly trust?: Trust;
  /** The version that was in force. */
  readonly version?: ProvenVersion;
  /** Why it is not taken. */
  readonly refusal?: RenormError;
}

/**
 * Reads what an earlier run left, and checks it as what comes from outside.
 *
 * @param given the trust that the device was set up with; with a memory of its own it stays as it is
 * @throws RenormError CREDENTIALS_UNREADABLE, DATA_FORMAT_NEWER, and as DeviceStore
 */
export async function resumeState(
  opened: OpenedStore,
  identity: Identity,
  exported: VersionState,
  given: Trust | undefined,
): Promise<ResumedState> {
  const recalled = await recallState(opened, identity);
  const trust = given && (await followRecalled(given, recalled.trust));
  const resumed = { recalled, ...(trust && { trust }) };
  if (recalled.version === undefined) return resumed;
  try {
    return { ...resumed, version: await provenVersion(recalled.version, exported, identity, trust) };
  } catch (error) {
    return { ...resumed, refusal: errorFromGrpc(error) };
  }
}

/** Has the version that was in force predict from the start on; the model as exported does where that fails. */
export async function loadResumed(state: ResumedState, inference: Inference): Promise<ResumedState> {
  const { version, ...others } = state;
  if (version === undefined) return state;
  try {
    await inference.load(version);
    return state;
  } catch (error) {
    return { ...others, refusal: errorFromGrpc(error) };
  }
}

/** What the session goes on from. */
export function resumedSession(
  recalled: RecalledState | undefined,
  version: ProvenVersion | undefined,
  now: Moment,
): Resumed | undefined {
  if (recalled === undefined) return undefined;
  const { samples, uploads, lost } = recalled;
  // What waited while the machine was off has aged too. A date that was set back makes nobody younger.
  const aged = samples.map((sample) => ({ ...sample, at: now.at - Math.max(0, now.date - sample.date) }));
  // Sequences mean nothing outside the session that they were given in.
  const queue = restoredQueue(
    uploads ? aged : aged.map((sample) => ({ ...sample, sequence: 0 })),
    uploads?.sequence ?? 0,
  );
  const budget = recalled.budget && shifted(recalled.budget, now.at - now.date);
  return { queue, ...(budget && { budget }), ...(version && { version }), ...(lost !== undefined && { lost }) };
}
