import { RenormError } from '@renorm/protocol';
import { bytesForUploads, isBounded, mayConnect, nextRelief, spend } from './byte-budget.js';
import {
  announce,
  announced,
  arrived,
  close,
  connect,
  loadWanted,
  lose,
  start,
  verified,
  versionLoaded,
  watchFreshness,
} from './connection.js';
import type { Effect, Moment, SelectedSample, SessionEvent } from './effects.js';
import { begin, decided, end, goesOn, samplesUploaded } from './health.js';
import { Draft, type Session } from './session-state.js';
import { erase, expire, expiryOf, giveUp, offer } from './upload-queue.js';
import { nextUpload, notUploaded, uploaded } from './uploads.js';
import { notLoaded, takeBack } from './versions.js';

/** The next session, and what is to be done, in order. */
export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
}

/**
 * One step: what happened, and when. Pure: the session that comes in stays as it is.
 *
 * @param random uniform in [0, 1)
 */
export function step(session: Session, event: SessionEvent, now: Moment, random: number): Step {
  const draft = new Draft(session, now, random);
  countBytes(draft);
  if (!('connection' in event) || !isLate(session, event)) take(draft, event);
  return finish(draft, event.kind === 'tick');
}

/** What an event changes by itself. */
function take(draft: Draft, event: SessionEvent): void {
  const { versions, uploads, health, setup } = draft.session;
  const { at, date } = draft.now;
  switch (event.kind) {
    case 'start':
      start(draft);
      break;
    case 'tick':
      if (draft.session.phase === 'waiting' && at >= draft.session.retryAt) connect(draft);
      break;
    case 'announced':
      announced(draft, event.welcome, event.root);
      break;
    case 'not-announced':
    case 'not-verified':
      lose(draft, event.error, event.kind === 'not-verified');
      break;
    case 'arrived':
      arrived(draft, event);
      break;
    case 'ended':
      if (draft.session.inbox.length === 0) lose(draft, event.error);
      else draft.set({ ending: event.error });
      break;
    case 'verified':
      verified(draft, event.opened);
      break;
    case 'loaded':
      versionLoaded(draft);
      break;
    case 'not-loaded':
      draft.set({ versions: notLoaded(versions) });
      if (event.error.code === 'VERSION_UNFIT')
        draft.set({ health: begin(health, 'VERSION_UNFIT', date, event.error.text) });
      draft.fail(event.error);
      break;
    case 'not-remembered':
      draft.fail(event.error);
      break;
    case 'decided':
      draft.set({ health: decided(health, event.upload, event.reason, date, setup.health) });
      break;
    case 'unfit':
      if (event.number !== versions.serving.number) break;
      draft.set({ versions: takeBack(versions), health: begin(health, 'VERSION_UNFIT', date, event.error.text) });
      draft.fail(event.error);
      break;
    case 'not-kept':
      draft.set({ health: begin(health, 'STATE_NOT_KEPT', date, event.error.text), unkeptBytes: 0 });
      draft.fail(event.error);
      break;
    case 'kept':
      draft.set({ health: end(health, 'STATE_NOT_KEPT'), unkeptBytes: undefined });
      break;
    case 'sample':
      takeIn(draft, event.sample);
      break;
    case 'not-encoded':
      draft.set({ uploads: { ...uploads, queue: giveUp(uploads.queue) } });
      draft.fail(event.error);
      break;
    case 'uploaded':
    case 'not-uploaded':
      uploadEnded(draft, event);
      break;
    case 'erase':
      draft.set({ uploads: { ...uploads, queue: erase(uploads.queue) } });
      break;
    case 'hurry':
      draft.set({ uploads: { ...uploads, hurry: event.on } });
      break;
    case 'close':
      close(draft);
      break;
  }
}

/** So many bytes of samples wait in memory while they cannot be written. */
const UNKEPT_BYTES = 16 * 2 ** 20;

/** Puts a sample into the queue. */
function takeIn(draft: Draft, given: SelectedSample): void {
  const { uploads, setup, unkeptBytes } = draft.session;
  const { at, date } = draft.now;
  const bytes = given.encoded.data.length;
  if (unkeptBytes !== undefined && unkeptBytes + bytes > UNKEPT_BYTES) {
    draft.set({ uploads: { ...uploads, queue: giveUp(uploads.queue) } });
    return;
  }
  const { kind, score, selection } = given;
  const reason = selection && { reason: `${selection.policy}: ${selection.reason}` };
  const known = { kind, score, bytes, at, date, ...reason };
  const queue = offer(uploads.queue, known, setup.queue);
  draft.set({ uploads: { ...uploads, queue }, ...(unkeptBytes !== undefined && { unkeptBytes: unkeptBytes + bytes }) });
  const sample = { ...known, ticket: queue.ticket, sequence: 0 };
  draft.effect({ kind: 'spool', sample, given });
}

/** What follows from any event: what is due now, and until when to sleep. */
function finish(draft: Draft, isTick: boolean): Step {
  const due: number[] = [];
  letExpire(draft);
  if (draft.session.phase !== 'closed') {
    loadWanted(draft);
    due.push(...keepToBudget(draft));
    due.push(...uploadNext(draft), ...watchFreshness(draft));
    if (draft.session.phase === 'waiting') due.push(draft.session.retryAt);
    const { uploads, setup } = draft.session;
    const expiry = expiryOf(uploads.queue, setup.queue.maxAgeMs);
    // A batch that comes back, or does not, is a step of its own.
    if (expiry !== undefined && !uploads.isSending) due.push(expiry);
  }
  forgetLeft(draft);
  tellHealth(draft);
  const wakeAt = due.length === 0 ? undefined : Math.min(...due);
  // A timer may go off a little early: it is asked for again.
  if (isTick ? wakeAt !== undefined : wakeAt !== draft.before.wakeAt) draft.effect({ kind: 'wake', at: wakeAt });
  return { session: { ...draft.session, wakeAt }, effects: draft.effects };
}

/** Counts what went over the link since the last step. */
function countBytes(draft: Draft): void {
  const { counted, budget, setup } = draft.session;
  const { wire, at } = draft.now;
  if (wire === undefined || !isBounded(setup.budget)) return;
  const down = wire.bytesDown - counted.bytesDown;
  const next = spend(budget, wire.bytesUp - counted.bytesUp + down, down, at);
  if (next === budget) return;
  draft.set({ budget: next, counted: wire });
  draft.effect({ kind: 'account', budget: next, now: draft.now });
}

/**
 * Lets the connection go where nothing is left: what comes over it cannot be refused.
 *
 * @returns when there will be more
 */
function keepToBudget(draft: Draft): number[] {
  const { budget, setup, phase, health } = draft.session;
  const { at, date } = draft.now;
  if (!isBounded(setup.budget)) return [];
  const relief = nextRelief(budget, at);
  if (mayConnect(budget, at, setup.budget) || relief === undefined) {
    draft.set({ health: end(health, 'BYTES_SPENT') });
    return relief === undefined ? [] : [relief];
  }
  const text = `the device has sent and received as much as it may in an hour or a day (budget: ${setup.budget.bytesPerHour} and ${setup.budget.bytesPerDay} bytes); samples wait, and it connects again when there is more. It goes on predicting.`;
  if (!goesOn(health, 'BYTES_SPENT')) draft.set({ health: begin(health, 'BYTES_SPENT', date, text) });
  lose(draft, new RenormError('BYTES_SPENT', text));
  draft.withdraw('announce');
  if (phase === 'waiting' || draft.session.phase === 'waiting')
    draft.set({ retryAt: Math.max(draft.session.retryAt, relief) });
  return [];
}

/** Gives up what has waited too long. */
function letExpire(draft: Draft): void {
  const { uploads, setup } = draft.session;
  const queue = expire(uploads.queue, draft.now.at, setup.queue);
  if (queue !== uploads.queue) draft.set({ uploads: { ...uploads, queue } });
}

/** Has what no longer waits forgotten. */
function forgetLeft(draft: Draft): void {
  const { uploads } = draft.session;
  const { left } = uploads.queue;
  if (left.length === 0) return;
  draft.set({ uploads: { ...uploads, queue: { ...uploads.queue, left: [] } } });
  draft.effect({ kind: 'forget', left });
}

/** Whether an event belongs to a connection that is over. An upload counts whenever it ends. */
function isLate(session: Session, { kind, connection }: SessionEvent & { readonly connection: number }): boolean {
  if (kind === 'not-uploaded') return false;
  const { phase, connection: present } = session;
  return connection !== present || (phase !== 'connecting' && phase !== 'connected');
}

/** Tells which conditions began and which are over. */
function tellHealth(draft: Draft): void {
  const before = draft.before.health.conditions;
  const after = draft.session.health.conditions;
  if (before === after) return;
  for (const one of after.filter((one) => !before.includes(one))) draft.tell('health', { ...one, over: false });
  for (const one of before.filter((one) => !after.includes(one))) draft.tell('health', { ...one, over: true });
}

/** Sends, or asks for terms, what is due. @returns when to look again */
function uploadNext(draft: Draft): number[] {
  const { uploads, setup, connection, isAsking } = draft.session;
  const allowance = bytesForUploads(draft.session.budget, draft.now.at, setup.budget);
  const move = nextUpload(uploads, draft.now.at, setup, allowance);
  switch (move.kind) {
    case 'send':
      draft.set({ uploads: move.uploads });
      if (move.uploads.queue.sequence > uploads.queue.sequence)
        draft.effect({ kind: 'number', batch: move.batch, sequence: move.uploads.queue.sequence });
      draft.effect({ kind: 'upload', connection, batch: move.batch });
      return [];
    case 'ask':
      if (!isAsking) announce(draft);
      draft.set({ isAsking: true });
      return [];
    case 'wait':
      return move.until === undefined ? [] : [move.until];
  }
}

/** A batch was acknowledged, or not. */
function uploadEnded(draft: Draft, event: SessionEvent & { readonly kind: 'uploaded' | 'not-uploaded' }): void {
  const { uploads, setup, health, connection } = draft.session;
  const { at, date } = draft.now;
  let error: RenormError;
  if (event.kind === 'uploaded') {
    try {
      const next = uploaded(uploads, event.receipt, at, setup);
      const count = next.uploaded - uploads.uploaded;
      draft.set({ uploads: next, health: samplesUploaded(health, count, date, setup.health) });
      return;
    } catch (cause) {
      error = cause as RenormError;
    }
  } else error = event.error;
  const failure = notUploaded(uploads, error, at, draft.random, setup);
  draft.set({ uploads: failure.uploads });
  const isPresent = event.kind === 'not-uploaded' && event.connection === connection;
  if (failure.concerns === 'user') draft.fail(error);
  if (failure.concerns === 'connection' && isPresent && uploads.isOpen) lose(draft, error);
}
