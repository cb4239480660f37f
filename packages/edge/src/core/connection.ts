import {
  checkRootExpiry,
  type ErrorCode,
  type OpenedVersion,
  RenormError,
  type Root,
  type VersionState,
  type Welcome,
} from '@renorm/protocol';
import { backoffMs } from './backoff.js';
import { MODEL_UNKNOWN_ADVICE } from './device-status.js';
import type { SessionEvent } from './effects.js';
import { begin, end, goesOn, versionRefused, versionTaken } from './health.js';
import type { Draft } from './session-state.js';
import { closeUploads, openUploads } from './uploads.js';
import { catchUp, loaded, loading, publishedAt, startOver, takeVersion, toLoad, underRoot } from './versions.js';

// Steps of a session about its connection, and about the versions that come over it.

/** A connection that held this long ends the count of failures, in milliseconds. */
const STABLE_MS = 5000;

/** So many versions may wait to be checked; a cloud that catches a device up with more sends a snapshot. */
const MAX_WAITING = 256;
/** A date may come nearer by more than a timer knows of: the longest sleep before one that matters, in milliseconds. */
const LONGEST_SLEEP_MS = 3_600_000;
const COARSE_MS = 600_000;
const FINE_MS = 500;

/** A version did not decode: perhaps what is held is the reason. */
const UNDECODED: ReadonlySet<ErrorCode> = new Set([
  'VERSION_REFUSED',
  'VERSION_MISMATCH',
  'VERSION_DIGEST',
  'VERSION_NOT_FINITE',
]);

/** The device is open: says what it lost, and connects. */
export function start(draft: Draft): void {
  if (draft.session.phase !== 'idle') return;
  for (const { code, remedy } of draft.session.health.conditions)
    if (code === 'TRUST_MEMORY_LOST' || code === 'STATE_LOST') draft.fail(new RenormError(code, remedy));
  for (const condition of draft.session.health.conditions) draft.tell('health', { ...condition, over: false });
  connect(draft);
}

/** Begins a connection. */
export function connect(draft: Draft): void {
  draft.set({ phase: 'connecting', connection: draft.session.connection + 1, inbox: [], ending: undefined });
  announce(draft);
}

/** Announces the device, to connect or for the terms of the cloud. */
export function announce(draft: Draft): void {
  const { connection, versions, trust } = draft.session;
  draft.effect({ kind: 'announce', connection, running: nameOf(versions.held), root: trust?.root });
}

/** The cloud took the device in, or said its terms again. */
export function announced(draft: Draft, welcome: Welcome, root: Root | undefined): void {
  const wasConnected = draft.session.phase === 'connected';
  if (root !== undefined) follow(draft, root, welcome);
  draft.set({ isAsking: false });
  try {
    if (root !== undefined) checkRootExpiry(root, draft.now.date);
  } catch (error) {
    lose(draft, error as RenormError, true);
    return;
  }
  const { uploads, setup } = draft.session;
  draft.set({ uploads: openUploads(uploads, welcome, draft.now.at, setup) });
  if (wasConnected) return;
  const { connection, versions } = draft.session;
  draft.set({ phase: 'connected', since: draft.now, outage: undefined, versions: catchUp(versions, welcome.latest) });
  draft.effect({ kind: 'watch', connection, running: nameOf(versions.held) });
  draft.tell('connected', { latest: welcome.latest });
  // Nothing will come; else what comes shows whether it may be taken.
  if (welcome.latest.number === versions.held.number) lookWhetherBehind(draft, welcome.latest.number);
}

/** Trusts a newer root. */
function follow(draft: Draft, root: Root, { roots, latest }: Welcome): void {
  const { trust, versions } = draft.session;
  if (trust === undefined || root.version <= trust.root.version) return;
  const under = underRoot(versions, root);
  // What serves was vouched for by nobody whom the new root names, and the cloud has nothing yet to put in its place.
  const wanted = under !== versions && latest.number === 0 ? versions.exported : under.wanted;
  draft.set({ trust: { root, roots: [...trust.roots, ...roots] }, versions: { ...under, wanted } });
  draft.remember();
}

/** A cloud whose newest version is below what the device has had brings nothing that may serve. */
function lookWhetherBehind(draft: Draft, newest: number): void {
  const { versions, trust, health } = draft.session;
  if (trust === undefined || newest >= versions.newest) {
    draft.set({ health: end(health, 'NOTHING_TAKEN') });
    return;
  }
  if (goesOn(health, 'NOTHING_TAKEN')) return;
  const text = `the cloud's newest version is ${newest}, and this device has had version ${versions.newest}: it takes none below. Restore the cloud's data folder, publish above it (renorm rollback --to ${newest} --as ${versions.newest + 1}), or rotate the signing key if that version was not the cloud's`;
  draft.set({ health: begin(health, 'NOTHING_TAKEN', draft.now.date, `${text}.`) });
  draft.fail(new RenormError('VERSION_ROLLBACK', `${text}.`));
}

/** The connection is of no use any more: drops what is left of it and tries again later. */
export function lose(draft: Draft, cause: RenormError, isRefusal = false): void {
  const { phase, since, setup, uploads, versions, health, outage, refusal } = draft.session;
  if (phase !== 'connecting' && phase !== 'connected') return;
  const { at, date } = draft.now;
  const wasStable = phase === 'connected' && at - since.at >= STABLE_MS;
  const failures = (wasStable ? 0 : draft.session.failures) + 1;
  const retryInMs = backoffMs(failures, draft.random, setup.backoff);
  const error =
    cause.code === 'MODEL_UNKNOWN' ? new RenormError('MODEL_UNKNOWN', MODEL_UNKNOWN_ADVICE, { cause }) : cause;
  draft.effect({ kind: 'unwatch' });
  draft.set({
    ...{ phase: 'waiting', failures, retryAt: at + retryInMs, isAsking: false, inbox: [], ending: undefined },
    ...(phase === 'connected' && { since: draft.now }),
    uploads: closeUploads(uploads),
    ...(UNDECODED.has(error.code) && { versions: startOver(versions) }),
    ...(isRefusal && { refusal: error.code, health: versionRefused(health, error, date, setup.health) }),
    lastError: { code: error.code, message: error.message, at: date },
  });
  // Once an outage, and again when its reason changes.
  if (outage === error.code) return;
  draft.set({ outage: error.code });
  draft.tell('disconnected', { error, retryInMs });
  // A version that is refused at every connection is told once, until one is taken.
  if (!isRefusal || refusal !== error.code) draft.tell('error', error);
}

/** Ends it for good. */
export function close(draft: Draft): void {
  draft.effect({ kind: 'unwatch' });
  draft.set({ phase: 'closed', uploads: closeUploads(draft.session.uploads), inbox: [] });
}

/** A message came on the stream of versions. */
export function arrived(draft: Draft, { response }: SessionEvent & { readonly kind: 'arrived' }): void {
  const inbox = [...draft.session.inbox, response];
  if (inbox.length > MAX_WAITING) {
    lose(draft, flooded(), true);
    return;
  }
  draft.set({ inbox });
  if (inbox.length === 1) verifyNext(draft);
}

/** Has the oldest message checked: in order, though each check of a signature takes its time. */
function verifyNext(draft: Draft): void {
  const { inbox, ending, connection, trust, versions, setup } = draft.session;
  const [response] = inbox;
  if (response === undefined) {
    if (ending !== undefined) lose(draft, ending);
    return;
  }
  const { cohort, modelDigest } = setup;
  const { held, newest } = versions;
  const receiver = trust && { root: trust.root, cohort, modelDigest, held, newest, nowMs: draft.now.date };
  draft.effect({ kind: 'verify', connection, response, receiver });
}

/** The oldest message may be decoded. */
export function verified(draft: Draft, opened: OpenedVersion): void {
  const { versions, trust, health, inbox } = draft.session;
  let next = versions;
  try {
    next = takeVersion(versions, opened, trust !== undefined, inbox[0]?.signedVersion);
  } catch (error) {
    lose(draft, error as RenormError, true);
    return;
  }
  const isNew = next.held !== versions.held;
  draft.set({ versions: next, inbox: inbox.slice(1), health: versionTaken(health, isNew) });
  // A cloud that brings something new is of use, however short its streams are.
  if (isNew) draft.set({ failures: 0, refusal: undefined });
  if (next.newest !== versions.newest || next.vouchedBy !== versions.vouchedBy) draft.remember();
  // The same version, and something that is good for longer says so.
  if (next.serving !== versions.serving) draft.effect({ kind: 'hold', version: next.serving });
  if (next.held.number >= next.goal) lookWhetherBehind(draft, next.held.number);
  verifyNext(draft);
}

/** Has the version loaded that is wanted, unless one is being loaded. */
export function loadWanted(draft: Draft): void {
  const version = toLoad(draft.session.versions);
  if (version === undefined) return;
  draft.set({ versions: loading(draft.session.versions, version) });
  draft.effect({ kind: 'load', version });
}

/** The version that was being loaded serves. */
export function versionLoaded(draft: Draft): void {
  const { versions } = draft.session;
  const next = loaded(versions);
  // One that was tried and is newer: it is over.
  const isCured = next.serving.number > versions.serving.number;
  draft.set({ versions: next, ...(isCured && { health: end(draft.session.health, 'VERSION_UNFIT') }) });
  draft.effect({ kind: 'hold', version: next.serving });
  const { number } = next.serving;
  draft.tell('version', { number, previous: versions.serving.number, publishedAtMs: publishedAt(next.serving) });
}

/**
 * Notices when what the device holds has expired and nobody has said anything newer: the sign of an attacker who holds
 * versions back.
 */
export function watchFreshness(draft: Draft): number[] {
  const { versions, trust, health } = draft.session;
  if (trust === undefined || versions.freshUntil === 0) return [];
  const left = versions.freshUntil - draft.now.date;
  if (left > 0) {
    draft.set({ health: end(health, 'VERSION_EXPIRED') });
    // Rounded, so that not every step moves the timer.
    const sleep = Math.min(left, LONGEST_SLEEP_MS);
    const grain = sleep > 2 * COARSE_MS ? COARSE_MS : FINE_MS;
    return [Math.ceil((draft.now.at + sleep) / grain) * grain];
  }
  if (!goesOn(health, 'VERSION_EXPIRED')) {
    const text = staleText(versions.freshUntil);
    draft.set({ health: begin(health, 'VERSION_EXPIRED', draft.now.date, text) });
    draft.fail(new RenormError('VERSION_EXPIRED', text));
  }
  return [];
}

function flooded(): RenormError {
  return new RenormError(
    'STREAM_ENDLESS',
    `more than ${MAX_WAITING} versions came faster than they could be checked; see who answers at the address of the cloud.`,
  );
}

function staleText(freshUntil: number): string {
  const since = new Date(freshUntil).toISOString();
  return `what this device holds was good until ${since}, and no cloud has signed anything since; the version goes on predicting. See whether the cloud runs, and whether somebody holds its versions back.`;
}

const nameOf = ({ number, digest }: VersionState) => ({ number, digest });
