import {
  equalBytes,
  fromBinary,
  RenormError,
  reasonOf,
  SESSION_LENGTH,
  type SignedMessage,
  SignedMessageSchema,
  type Version,
  VersionSchema,
} from '@renorm/protocol';
import { type ByteBudget, readBudget } from '../byte-budget.js';
import type { PendingSample } from '../pending-sample.js';
import type { DeviceStore, OpenedStore, RecordChange, Remembered } from '../platform.js';
import { decodePlain } from './plain.js';
import { DATA, type Identity, identityRecord, KEY, SAMPLES, STATE_FORMAT, trustRecord } from './records.js';

/** What an earlier run left in a store. */
export interface RecalledState {
  readonly trust?: Remembered;
  readonly version?: KeptVersion;
  readonly selection?: KeptSelection;
  readonly uploads?: KeptUploads;
  /** What went over the link, in milliseconds since the Unix epoch. */
  readonly budget?: ByteBudget;
  /** What the owner said of uploads. */
  readonly consent?: boolean;
  /** Samples that wait; their `at` is left to the clock of this run. */
  readonly samples: readonly Omit<PendingSample, 'at'>[];
  /** Why something else is gone. */
  readonly lost?: string;
  /** What is to be written before anything else. */
  readonly changes: readonly RecordChange[];
}

/** The version in force, as it was kept. */
export interface KeptVersion {
  /** Whole. */
  readonly snapshot: Version;
  /** What was signed of it. */
  readonly proof?: SignedMessage;
  /** Whether the device has had a newer one and went back by itself. */
  readonly isStepBack?: boolean;
}

/**
 * What a policy remembered. It is of use to the same policy with the same options, which make the same state at first.
 */
export interface KeptSelection {
  readonly policy: string;
  readonly initial: Uint8Array;
  readonly state: Uint8Array;
}

/** The session of uploads, and the last sequence in it. */
export interface KeptUploads {
  readonly session: Uint8Array;
  readonly sequence: number;
}

/**
 * Reads what an earlier run left. What is of another model or cohort is let go, but for the roots; what cannot be read
 * is let go alone.
 *
 * @throws RenormError DATA_FORMAT_NEWER; and as DeviceStore
 */
export async function recallState({ store, lost }: OpenedStore, identity: Identity): Promise<RecalledState> {
  const reader = new Reader(store, lost);
  const belongs = await reader.read(KEY.identity, (value) => whoseOf(value, identity));
  const trust = await reader.read(KEY.trust, rememberedOf);
  if (belongs === 'other') {
    const lost = 'what was kept is of another model or another cohort, and is let go, samples that waited too.';
    const roots = trust && { ...trust, newest: 0, vouchedBy: [] };
    return { samples: [], ...(roots && { trust: roots }), lost, changes: await beginAnew(store, identity, roots) };
  }
  const changes = belongs === 'ours' ? [] : [{ key: KEY.identity, value: identityRecord(identity) }];
  const version = await reader.read(KEY.version, versionOf);
  const selection = await reader.read(KEY.selection, selectionOf);
  const uploads = await reader.read(KEY.uploads, uploadsOf);
  const budget = await reader.read(KEY.budget, (fields) => readBudget(fields.any.bind(fields)));
  const consent = await reader.read(KEY.consent, (fields) => fields.any('given') === true);
  const samples = await reader.all(SAMPLES, sampleOf);
  return {
    ...{ samples, changes, ...(trust && { trust }), ...(version && { version }), ...(selection && { selection }) },
    ...{ ...(budget && { budget }), ...(uploads && { uploads }), ...(consent !== undefined && { consent }) },
    ...(reader.lost && { lost: reader.lost }),
  };
}

class Reader {
  readonly #store: DeviceStore;
  lost: string | undefined;

  constructor(store: DeviceStore, lost: string | undefined) {
    this.#store = store;
    this.lost = lost;
  }

  async read<Value>(key: string, parse: (value: Fields) => Value): Promise<Value | undefined> {
    const bytes = await this.#store.get(key);
    return bytes && this.#parsed(key, bytes, parse);
  }

  async all<Value>(prefix: string, parse: (value: Fields) => Value): Promise<readonly Value[]> {
    const records = await this.#store.list(prefix);
    const values = records.map(({ key, value }) => this.#parsed(key, value, parse));
    return values.filter((value) => value !== undefined) as readonly Value[];
  }

  #parsed<Value>(key: string, bytes: Uint8Array, parse: (value: Fields) => Value): Value | undefined {
    try {
      return parse(new Fields(decodePlain(bytes)));
    } catch (cause) {
      if (cause instanceof RenormError) throw cause;
      this.lost ??= `the record ${key} of the device's state cannot be read (${reasonOf(cause)}); the device goes on without it.`;
      return undefined;
    }
  }
}

/** Fields of a record, each of the kind that it is to be. */
class Fields {
  readonly #of: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null) throw new TypeError('it is no object');
    this.#of = value as Record<string, unknown>;
  }

  has = (name: string): boolean => this.#of[name] !== undefined;
  any = (name: string): unknown => this.#of[name];
  text = (name: string): string => this.#one(name, 'a text', (value) => typeof value === 'string');
  bytes = (name: string): Uint8Array => this.#one(name, 'bytes', (value) => value instanceof Uint8Array);
  number = (name: string): number => this.#one(name, 'a number', (value) => typeof value === 'number');
  count = (name: string): number =>
    this.#one(name, 'a whole number from 0', (value) => Number.isSafeInteger(value) && Number(value) >= 0);
  list = (name: string): readonly Uint8Array[] =>
    this.#one(name, 'a list', (value) => Array.isArray(value) && value.every((each) => each instanceof Uint8Array));

  #one<Value>(name: string, what: string, is: (value: unknown) => boolean): Value {
    const value = this.#of[name];
    if (!is(value)) throw new TypeError(`${name} is not ${what}`);
    return value as Value;
  }
}

function whoseOf(fields: Fields, { cohort, modelDigest }: Identity): 'ours' | 'other' {
  const format = fields.count('format');
  if (format > STATE_FORMAT) {
    const text = `the state of the device has the format ${format}, and this release reads up to ${STATE_FORMAT}; run the release that wrote it, or name another folder.`;
    throw new RenormError('DATA_FORMAT_NEWER', text);
  }
  return fields.text('cohort') === cohort && equalBytes(fields.bytes('modelDigest'), modelDigest) ? 'ours' : 'other';
}

const rememberedOf = (fields: Fields): Remembered => ({
  ...{ newest: fields.count('newest'), vouchedBy: fields.list('vouchedBy') },
  roots: fields.list('roots').map((root) => fromBinary(SignedMessageSchema, root)),
});

const versionOf = (fields: Fields): KeptVersion => ({
  snapshot: fromBinary(VersionSchema, fields.bytes('snapshot')),
  isStepBack: fields.any('isStepBack') === true,
  ...(fields.has('proof') && { proof: fromBinary(SignedMessageSchema, fields.bytes('proof')) }),
});

const selectionOf = (fields: Fields): KeptSelection => ({
  ...{ policy: fields.text('policy'), initial: fields.bytes('initial'), state: fields.bytes('state') },
});

function uploadsOf(fields: Fields): KeptUploads {
  const session = fields.bytes('session');
  if (session.length !== SESSION_LENGTH) throw new TypeError('session is no name of a session');
  return { session, sequence: fields.count('sequence') };
}

function sampleOf(fields: Fields): Omit<PendingSample, 'at'> {
  const kind = fields.text('kind');
  if (kind !== 'sketch' && kind !== 'fair' && kind !== 'scored') throw new TypeError('kind is none');
  return {
    ...{ kind, score: fields.number('score'), ticket: fields.count('ticket'), sequence: fields.count('sequence') },
    ...{ bytes: fields.count('bytes'), date: fields.number('date') },
    ...(fields.has('reason') && { reason: fields.text('reason') }),
  };
}

/** Removes everything but the roots. */
async function beginAnew(
  store: DeviceStore,
  identity: Identity,
  roots: Remembered | undefined,
): Promise<readonly RecordChange[]> {
  const kept = [KEY.version, KEY.selection, KEY.uploads].map((key) => ({ key }));
  const old = [...kept, ...(await store.list(SAMPLES)), ...(await store.list(DATA))];
  return [
    ...old.map(({ key }): RecordChange => ({ key, value: undefined })),
    ...(roots ? [{ key: KEY.trust, value: trustRecord(roots) }] : []),
    { key: KEY.identity, value: identityRecord(identity) },
  ];
}
