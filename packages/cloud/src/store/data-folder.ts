import { chmodSync, closeSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RenormError, reasonOf } from '@renorm/protocol';
import { flushFolder, makeFolderDurably, PRIVATE_FILE, PRIVATE_FOLDER } from './durable-file.js';
import {
  DATA_FORMAT,
  type FolderFacts,
  type ReadFacts,
  readFacts,
  type StoreMark,
  writeFacts,
} from './folder-facts.js';
import { FolderLocks, type FolderRole } from './folder-lock.js';
import { inspectLmdbFile, type LmdbFile } from './lmdb-file.js';
import { storageError } from './storage-error.js';

/** Hexadecimal SHA-256 of the models that a folder belongs to. */
export type FolderModels = Pick<FolderFacts, 'edgeModel' | 'foundationModel'>;

/** A data folder that this process may use. */
export interface FolderClaim {
  /** What was found damaged and put right, a sentence each. */
  readonly repaired: readonly string[];
  /**
   * Says that the store is open and on disk, before anything is acknowledged: from then on a folder without one is
   * damaged, not new.
   *
   * @param isEmpty the store knows no cohort @throws RenormError DATA_DAMAGED: it did before
   */
  storeOpened(isEmpty: boolean): void;
  /** Says that the store holds samples. Cheap after the first call. */
  storeUsed(): void;
  /** Gives the folder back. */
  release(): void;
}

/** Where the store is in a data folder. */
export const storeFolder = (folder: string): string => join(folder, 'store');
const storeFile = (folder: string): string => join(storeFolder(folder), 'data.mdb');

/**
 * Makes or checks the data folder and takes it for this process. What it finds damaged it repairs where nothing can be
 * lost by that, and refuses otherwise: nothing begins anew in silence.
 *
 * @param roles what this process does with it; another process may have the other role
 * @throws RenormError DATA_NOT_WRITABLE, DATA_FORMAT_NEWER, DATA_OTHER_MODEL, DATA_IN_USE, DATA_DAMAGED
 */
export function claimFolder(
  folder: string,
  models: FolderModels,
  roles: readonly FolderRole[] = ['gateway', 'trainer'],
): FolderClaim {
  const locks = new FolderLocks(folder);
  try {
    makePrivate(folder);
    return locks.whileOpening(() => {
      for (const role of roles) locks.take(role);
      return checkedClaim(folder, models, roles, locks);
    });
  } catch (cause) {
    locks.release();
    throw asNotWritable(folder, cause);
  }
}

function asNotWritable(folder: string, cause: unknown): RenormError {
  if (cause instanceof RenormError) return cause;
  const full = storageError(cause);
  if (full instanceof RenormError) return full;
  return new RenormError(
    'DATA_NOT_WRITABLE',
    `the data folder ${folder} cannot be written (${reasonOf(cause)}). Name another folder, or give this user the right to write there.`,
    { cause },
  );
}

/**
 * What a data folder says and has, for who only looks; nobody else uses it until `release`.
 *
 * @throws as `claimFolder`
 */
export function lookAtFolder(folder: string): { facts: ReadFacts; store: LmdbFile; release(): void } {
  const locks = new FolderLocks(folder);
  try {
    return locks.whileOpening(() => {
      for (const role of ['gateway', 'trainer'] as const) locks.take(role);
      return {
        facts: readFacts(folder),
        store: inspectLmdbFile(storeFile(folder)),
        release: () => locks.release(),
      };
    });
  } catch (cause) {
    locks.release();
    throw asNotWritable(folder, cause);
  }
}

function checkedClaim(
  folder: string,
  models: FolderModels,
  roles: readonly FolderRole[],
  locks: FolderLocks,
): FolderClaim {
  const others = (['gateway', 'trainer'] as const).filter((role) => !roles.includes(role));
  // A store that another process writes to looks different from one page to the next; that process has checked it.
  const alone = others.every((role) => locks.isFree(role));
  const repaired: string[] = [];
  let facts = alone ? checkedFacts(folder, models, repaired) : knownFacts(folder, models);
  prepareStore(folder);
  const mark = (store: StoreMark): void => {
    if (facts.store === store || facts.store === 'used') return;
    try {
      locks.whileOpening(() => {
        const read = readFacts(folder);
        const now = read.kind === 'facts' ? read.facts : facts;
        const marked = now.store === 'used' ? now : { ...now, store };
        writeFacts(folder, marked);
        facts = marked;
      });
    } catch (cause) {
      throw asNotWritable(folder, cause);
    }
  };
  return {
    repaired,
    storeOpened(isEmpty) {
      if (isEmpty && facts.store === 'used')
        throw damaged(folder, 'the store is empty, though samples were acknowledged');
      mark(isEmpty ? 'made' : 'used');
    },
    storeUsed: () => mark('used'),
    release: () => locks.release(),
  };
}

/** What the folder says about itself, put right where that is safe. */
function checkedFacts(folder: string, models: FolderModels, repaired: string[]): FolderFacts {
  const read = readFacts(folder);
  const store = inspectLmdbFile(storeFile(folder));
  if (read.kind === 'facts') {
    const facts = sameModels(folder, read.facts, models);
    if (store.kind === 'damaged' && facts.store === 'none') {
      rmSync(storeFolder(folder), { recursive: true });
      repaired.push(`the store was never finished (${store.why}); it held nothing and was made again`);
    } else checkStore(folder, facts, store);
    if (facts !== read.facts) writeFacts(folder, facts);
    return facts;
  }
  if (store.kind === 'damaged' || store.kind === 'empty') {
    const what = read.kind === 'damaged' ? read.why : 'renorm.json is missing';
    throw damaged(folder, `${what}, and ${store.why}`);
  }
  const facts: FolderFacts = { format: DATA_FORMAT, ...models, store: store.kind === 'absent' ? 'none' : 'made' };
  writeFacts(folder, facts);
  if (read.kind === 'damaged') repaired.push(`${read.why}; it was written again for the models of this cloud`);
  else if (store.kind === 'whole')
    repaired.push('renorm.json was missing; it was written for the models of this cloud');
  return facts;
}

/** What the folder says that another process has open. */
function knownFacts(folder: string, models: FolderModels): FolderFacts {
  const read = readFacts(folder);
  if (read.kind === 'facts') {
    const facts = sameModels(folder, read.facts, models);
    const { foundationModel } = facts;
    // The first trainer of a folder that a gateway began: the next one has to bring the same model.
    if (foundationModel !== undefined && read.facts.foundationModel === undefined)
      writeFacts(folder, { ...read.facts, foundationModel });
    return facts;
  }
  throw damaged(folder, read.kind === 'damaged' ? read.why : 'renorm.json is missing');
}

function checkStore(folder: string, facts: FolderFacts, store: LmdbFile): void {
  if (store.kind === 'damaged') throw damaged(folder, store.why);
  // As this release prepares it: nothing has been acknowledged yet.
  if (store.kind === 'empty' && facts.store !== 'none') throw damaged(folder, store.why);
  if (store.kind === 'absent' && (facts.store === 'made' || facts.store === 'used'))
    throw damaged(folder, `${storeFile(folder)} is missing, which held what was acknowledged`);
}

function sameModels(folder: string, facts: FolderFacts, models: FolderModels): FolderFacts {
  for (const [key, what] of [['edgeModel', 'edge'] as const, ['foundationModel', 'foundation'] as const]) {
    const [known, given] = [facts[key], models[key]];
    // A foundation model may come and go: some strategies need none.
    if (known === undefined || given === undefined || known === given) continue;
    throw new RenormError(
      'DATA_OTHER_MODEL',
      `the data folder ${folder} belongs to the ${what} model ${known}, this one is ${given} (SHA-256). Name a new folder for new models.`,
    );
  }
  const { foundationModel } = models;
  const named =
    facts.foundationModel === undefined && foundationModel !== undefined ? { ...facts, foundationModel } : facts;
  // Said before the store is brought into it: an earlier release would see half of what was moved.
  return named.format === DATA_FORMAT ? named : { ...named, format: DATA_FORMAT };
}

function damaged(folder: string, what: string): RenormError {
  return new RenormError(
    'DATA_DAMAGED',
    `the data folder ${folder} is damaged: ${what}. Restore it from a backup; renorm state check says what is whole. To begin anew at version 0, move the folder away: devices that trust a signed version then wait until the cloud is above it.`,
  );
}

/** Makes a folder for its owner alone, whatever the umask. */
function makePrivate(folder: string): void {
  makeFolderDurably(folder, PRIVATE_FOLDER);
  restrict(folder, PRIVATE_FOLDER);
}

/** Takes from group and others what they may do. Where the file is another user's, that user says who may read it. */
function restrict(path: string, mode: number): void {
  if ((statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

/** LMDB makes its files readable for everybody; what is there already it leaves as it is. */
function prepareStore(folder: string): void {
  const store = storeFolder(folder);
  makePrivate(store);
  for (const name of ['data.mdb', 'lock.mdb']) {
    const path = join(store, name);
    closeSync(openSync(path, 'a', PRIVATE_FILE));
    restrict(path, PRIVATE_FILE);
  }
  // LMDB flushes its files, not the folder that names them.
  flushFolder(store);
}
