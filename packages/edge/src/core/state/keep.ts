import type { Departed, Tell } from '../device-events.js';
import type { EffectOf } from '../effects.js';
import type { Clock } from '../platform.js';
import type { Left } from '../upload-queue.js';
import type { Keeper } from './keeper.js';
import { encodePlain } from './plain.js';
import {
  budgetRecord,
  dataKey,
  dataRecord,
  KEY,
  logKey,
  sampleKey,
  sampleRecord,
  uploadsRecord,
  versionRecord,
} from './records.js';

/** What what is to be kept is kept with. */
export interface KeepParts {
  readonly keeper: Keeper;
  readonly uploadSession: Uint8Array;
  readonly clock: Clock;
  readonly tell: Tell;
}

/** Samples that the log of what left reaches back. */
const LOGGED = 10_000;

/** Puts what a step wants kept on its way to the store. @param newest the newest version that was ever taken */
export function keep(
  effect: EffectOf<'spool' | 'number' | 'forget' | 'hold' | 'account'>,
  parts: KeepParts,
  newest: number,
): void {
  const { keeper, uploadSession } = parts;
  switch (effect.kind) {
    case 'spool':
      keeper.put(sampleKey(effect.sample.ticket), sampleRecord(effect.sample));
      keeper.put(dataKey(effect.sample.ticket), dataRecord(effect.given));
      break;
    case 'number':
      keeper.put(KEY.uploads, uploadsRecord(uploadSession, effect.sequence));
      for (const sample of effect.batch) keeper.put(sampleKey(sample.ticket), sampleRecord(sample));
      break;
    case 'forget':
      for (const left of effect.left) forget(left, parts);
      break;
    case 'account':
      keeper.put(KEY.budget, budgetRecord(effect.budget, effect.now));
      break;
    case 'hold':
      keeper.put(KEY.version, versionRecord(effect.version, effect.version.number < newest));
      break;
  }
}

function forget({ sample, why }: Left, { keeper, tell, clock }: KeepParts): void {
  const { ticket, sequence, kind, bytes, reason, date } = sample;
  for (const key of [sampleKey(ticket), dataKey(ticket)]) keeper.put(key, undefined);
  const entry: Departed = {
    ...{ ticket, sequence, why, kind, bytes, taken: date, left: clock.now() },
    ...(reason !== undefined && { reason }),
  };
  keeper.put(logKey(ticket), encodePlain(entry));
  if (ticket > LOGGED) keeper.put(logKey(ticket - LOGGED), undefined);
  tell('left', entry);
}
