import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RenormError, reasonOf } from '@renorm/protocol';
import { ClassicLevel } from 'classic-level';
import type { DeviceStore, OpenedStore, RecordChange, StoredRecord } from '../core/platform.js';

type Level = ClassicLevel<string, Uint8Array>;

const OPTIONS = {
  ...{ keyEncoding: 'utf8', valueEncoding: 'view' },
  // Samples are compressed already.
  compression: false,
  // What is kept is read once, at the start; the rest is written and removed soon.
  ...{ cacheSize: 2 ** 20, writeBufferSize: 2 ** 20 },
} as const;

/** Above every character of a key. */
const LAST = '\u{10ffff}';

/**
 * A store in a folder, which is made if it is not there: LevelDB (decision 19). A folder that is damaged is repaired,
 * or set aside as `FOLDER.damaged-…` for another that is empty: a device that cannot remember still predicts.
 *
 * @throws RenormError DATA_IN_USE: another device has it open; DATA_NOT_WRITABLE
 */
export async function openLevelStore(folder: string): Promise<OpenedStore> {
  const path = resolve(folder);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw notWritable(path, cause);
  }
  try {
    await tidy(path);
    return { store: new LevelStore(path, await openLevel(path)) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return openDamaged(path, error);
  }
}

async function openDamaged(path: string, damage: RenormError): Promise<OpenedStore> {
  try {
    await ClassicLevel.repair(join(path, RECORDS));
    const store = new LevelStore(path, await openLevel(path));
    return { store, lost: `${damage.text} It was repaired; what could not be read is gone.` };
  } catch {
    const aside = `${path}.damaged-${Date.now()}`;
    try {
      await rename(path, aside);
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw notWritable(path, cause);
    }
    const lost = `${damage.text} It could not be repaired, and was set aside as ${aside}; the device begins anew.`;
    return { store: new LevelStore(path, await openLevel(path)), lost };
  }
}

/** The database has a folder of its own in that of the user; while it is written anew there are two. */
const [RECORDS, NEXT, OLD] = ['records', 'records.new', 'records.old'] as const;

/** What is left of one that was being written anew when the process ended: it is as before, or whole. */
async function tidy(path: string): Promise<void> {
  const isThere = await stat(join(path, RECORDS)).then(
    () => true,
    () => false,
  );
  if (!isThere) await rename(join(path, OLD), join(path, RECORDS)).catch(() => undefined);
  for (const name of [NEXT, OLD]) await rm(join(path, name), { recursive: true, force: true });
}

/** @throws RenormError DATA_IN_USE, DATA_NOT_WRITABLE, DATA_DAMAGED */
async function openLevel(path: string): Promise<Level> {
  const level: Level = new ClassicLevel(join(path, RECORDS), OPTIONS);
  try {
    await level.open();
    return level;
  } catch (cause) {
    throw asStoreError(path, cause);
  }
}

class LevelStore implements DeviceStore {
  readonly #path: string;
  #level: Level | undefined;
  /** Under way after a write that failed. */
  #reopening: Promise<Level> | undefined;
  #isClosed = false;

  constructor(path: string, level: Level) {
    this.#path = path;
    this.#level = level;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const level = await this.#opened();
    try {
      const value = await level.get(key);
      return value && plain(value);
    } catch (cause) {
      throw asStoreError(this.#path, cause);
    }
  }

  async list(prefix: string): Promise<readonly StoredRecord[]> {
    const level = await this.#opened();
    try {
      const records: StoredRecord[] = [];
      for await (const [key, value] of level.iterator({ gte: prefix, lt: `${prefix}${LAST}` }))
        records.push({ key, value: plain(value) });
      return records;
    } catch (cause) {
      throw asStoreError(this.#path, cause);
    }
  }

  async write(changes: readonly RecordChange[]): Promise<void> {
    const level = await this.#opened();
    const operations = changes.map(({ key, value }) =>
      value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
    );
    try {
      // To the disk, not only to the system: acknowledged is what no power failure takes back.
      await level.batch(operations, { sync: true });
    } catch (cause) {
      await this.#giveUp(level);
      throw asStoreError(this.#path, cause);
    }
  }

  /**
   * LevelDB removes by a note, and may keep a file with what was removed for ever: all that is left goes into another
   * database.
   */
  async purge(): Promise<void> {
    const level = await this.#opened();
    const records = await this.list('');
    this.#level = undefined;
    // Who reads or writes meanwhile waits for it.
    this.#reopening = this.#rewritten(level, records).finally(() => {
      this.#reopening = undefined;
    });
    this.#level = await this.#reopening;
  }

  async #rewritten(level: Level, records: readonly StoredRecord[]): Promise<Level> {
    const [now, next, old] = [RECORDS, NEXT, OLD].map((name) => join(this.#path, name)) as [string, string, string];
    try {
      const fresh: Level = new ClassicLevel(next, OPTIONS);
      await fresh.open();
      await fresh.batch(
        records.map(({ key, value }) => ({ type: 'put', key, value }) as const),
        { sync: true },
      );
      await fresh.close();
      await level.close();
      await rename(now, old);
      await rename(next, now);
      await rm(old, { recursive: true });
    } catch (cause) {
      await level.close().catch(() => undefined);
      await tidy(this.#path);
      throw asStoreError(this.#path, cause);
    }
    return openLevel(this.#path);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reopening?.catch(() => undefined);
    await this.#level?.close();
    this.#level = undefined;
  }

  /**
   * After a write that failed LevelDB takes no other, or loses what follows in its log, until it has been opened anew.
   */
  async #giveUp(level: Level): Promise<void> {
    if (this.#level === level) this.#level = undefined;
    await level.close().catch(() => undefined);
  }

  async #opened(): Promise<Level> {
    if (this.#isClosed) throw new RenormError('CLOSED', 'the store of the device has been closed; open another.');
    if (this.#level !== undefined) return this.#level;
    this.#reopening ??= openLevel(this.#path).finally(() => {
      this.#reopening = undefined;
    });
    this.#level = await this.#reopening;
    return this.#level;
  }
}

/** LevelDB gives Buffers, of which slices are views. */
const plain = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, length).slice();

interface LevelError {
  readonly code?: string;
  readonly cause?: unknown;
}

function asStoreError(path: string, cause: unknown): RenormError {
  if (cause instanceof RenormError) return cause;
  const codes = [(cause as LevelError).code, ((cause as LevelError).cause as LevelError | undefined)?.code];
  if (codes.includes('LEVEL_LOCKED')) {
    const text = `the state folder ${path} is used by another device; give each its own (--state).`;
    return new RenormError('DATA_IN_USE', text, { cause });
  }
  // A file that CURRENT or the manifest names is gone.
  if (codes.includes('LEVEL_CORRUPTION') || /No such file|does not exist/.test(whyOf(cause))) {
    const text = `the state folder ${path} is damaged (${whyOf(cause)}), as a failing disk leaves it.`;
    return new RenormError('DATA_DAMAGED', text, { cause });
  }
  return notWritable(path, cause);
}

const isDamage = (error: unknown): error is RenormError =>
  error instanceof RenormError && error.code === 'DATA_DAMAGED';

const whyOf = (cause: unknown): string => reasonOf((cause as LevelError).cause ?? cause);

function notWritable(path: string, cause: unknown): RenormError {
  const text = `the state folder ${path} cannot be written (${whyOf(cause)}); the device goes on, and keeps in memory what fits. Make room, or correct its rights.`;
  return new RenormError('DATA_NOT_WRITABLE', text, { cause });
}
