import { RenormError, reasonOf } from '@renorm/protocol';
import type { DeviceStore, OpenedStore, RecordChange, StoredRecord } from '../core/platform.js';

const VERSION = 1;
/** What the device keeps, by key. */
const RECORDS = 'records';
/** What the platform keeps: the device's name. */
const FACTS = 'facts';
const NAME = 'id';
/** A page that is loaded anew may have to wait for the one before to be gone. */
const LOCK_MS = 3_000;
/** Above every character of a key. */
const LAST = '\u{ffff}';

/** A store, and how the device in it is called. */
export interface NamedStore extends OpenedStore {
  readonly id: string;
}

/**
 * A store in IndexedDB, made if it is not there, of one device in one page at a time (Web Locks).
 *
 * @param name of the database
 * @param id what a new device is called
 * @throws RenormError DATA_IN_USE: another page has it open; DATA_NOT_WRITABLE
 */
export async function openIndexedStore(name: string, id: string): Promise<NamedStore> {
  const unlock = await lock(name);
  try {
    const database = await open(name);
    return { store: new IndexedStore(name, database, unlock), id: await nameOf(database, id) };
  } catch (cause) {
    unlock();
    throw notWritable(name, cause);
  }
}

function lock(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<void> => new Promise((release) => resolve(release));
    navigator.locks
      .request(`renorm ${name}`, { signal: AbortSignal.timeout(LOCK_MS) }, hold)
      .catch((cause: unknown) => {
        const text = `the state ${name} is used by a device in another page or tab; close that, or give each its own (the option state).`;
        reject(new RenormError('DATA_IN_USE', text, { cause }));
      });
  });
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    for (const store of [RECORDS, FACTS]) request.result.createObjectStore(store);
  };
  return settled(request);
}

async function nameOf(database: IDBDatabase, fresh: string): Promise<string> {
  const transaction = database.transaction(FACTS, 'readwrite', { durability: 'strict' });
  const facts = transaction.objectStore(FACTS);
  const known: unknown = await settled(facts.get(NAME));
  if (typeof known === 'string') return known;
  facts.put(fresh, NAME);
  await completed(transaction);
  return fresh;
}

class IndexedStore implements DeviceStore {
  readonly #name: string;
  readonly #database: IDBDatabase;
  readonly #unlock: () => void;
  #isClosed = false;

  constructor(name: string, database: IDBDatabase, unlock: () => void) {
    this.#name = name;
    this.#database = database;
    this.#unlock = unlock;
    // Somebody deletes it, or a later release changes it.
    database.onversionchange = () => void this.close();
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#named(async () => {
      const value: unknown = await settled(this.#records('readonly').get(key));
      return value === undefined ? undefined : bytesOf(value);
    });
  }

  list(prefix: string): Promise<readonly StoredRecord[]> {
    return this.#named(async () => {
      const range = IDBKeyRange.bound(prefix, `${prefix}${LAST}`, false, true);
      const records = this.#records('readonly');
      const [keys, values] = await Promise.all([settled(records.getAllKeys(range)), settled(records.getAll(range))]);
      return keys.map((key, i) => ({ key: String(key), value: bytesOf(values[i]) }));
    });
  }

  write(changes: readonly RecordChange[]): Promise<void> {
    return this.#named(async () => {
      const records = this.#records('readwrite');
      for (const { key, value } of changes) {
        if (value === undefined) records.delete(key);
        // A view would bring all that it is a view of.
        else records.put(value.slice(), key);
      }
      await completed(records.transaction);
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Transactions under way are finished first.
    this.#database.close();
    this.#unlock();
  }

  #records(mode: IDBTransactionMode): IDBObjectStore {
    // To the disk, not only to the system.
    return this.#database.transaction(RECORDS, mode, { durability: 'strict' }).objectStore(RECORDS);
  }

  async #named<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#isClosed) throw new RenormError('CLOSED', 'the store of the device has been closed; open another.');
    try {
      return await work();
    } catch (cause) {
      throw cause instanceof RenormError ? cause : notWritable(this.#name, cause);
    }
  }
}

const settled = <Value>(request: IDBRequest<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const completed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

/** @throws Error: something else is there */
function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error('a record is no bytes');
}

function notWritable(name: string, cause: unknown): RenormError {
  const text = `the state ${name} cannot be kept in IndexedDB (${reasonOf(cause)}); the device goes on, and keeps in memory what fits. Make room, or leave private browsing.`;
  return new RenormError('DATA_NOT_WRITABLE', text, { cause });
}
