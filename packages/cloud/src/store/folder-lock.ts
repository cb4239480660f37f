import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RenormError, reasonOf } from '@renorm/protocol';
import { tryLock } from 'fs-native-extensions';
import { PRIVATE_FILE } from './durable-file.js';

/** What a process does with a data folder. One process each, or one for both. */
export type FolderRole = 'gateway' | 'trainer';

/** Beyond any content: Windows lets nobody read a range that is locked. */
const LOCKED_AT = 2 ** 30;
const OPENING_WAIT_MS = 10_000;
const OPENING_POLL_MS = 20;

/**
 * Locks of files, held by the file system for as long as this process has them open: they hold between containers that
 * share a volume, where process numbers say nothing, and end with the process, however it ends.
 */
export class FolderLocks {
  readonly #folder: string;
  readonly #open: number[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws RenormError DATA_IN_USE; what the file system says */
  take(role: FolderRole): void {
    const name = `${role}.lock`;
    const fd = this.#tryTake(name);
    if (fd === undefined) throw inUse(this.#folder, ownerOf(join(this.#folder, name)), role);
    ftruncateSync(fd);
    writeSync(fd, `${JSON.stringify({ pid: process.pid, host: hostname() } satisfies Owner)}\n`, 0);
    this.#open.push(fd);
  }

  /** Whether no other process has this role now. */
  isFree(role: FolderRole): boolean {
    const fd = this.#tryTake(`${role}.lock`);
    if (fd !== undefined) closeSync(fd);
    return fd !== undefined;
  }

  /**
   * Runs what one process at a time may do: looking at the folder, and changing what it says about itself.
   *
   * @throws RenormError DATA_IN_USE
   */
  whileOpening<Value>(action: () => Value): Value {
    const until = performance.now() + OPENING_WAIT_MS;
    let fd = this.#tryTake('opening.lock');
    while (fd === undefined && performance.now() < until) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, OPENING_POLL_MS);
      fd = this.#tryTake('opening.lock');
    }
    if (fd === undefined) throw inUse(this.#folder, undefined, 'opening');
    try {
      return action();
    } finally {
      closeSync(fd);
    }
  }

  release(): void {
    for (const fd of this.#open.splice(0)) closeSync(fd);
  }

  #tryTake(name: string): number | undefined {
    // Never truncated here, and never removed: a lock holds for one file, and another under the same name would be
    // another lock.
    const fd = openSync(join(this.#folder, name), constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
    try {
      if (tryLock(fd, LOCKED_AT, 1)) return fd;
    } catch (cause) {
      closeSync(fd);
      throw new RenormError(
        'DATA_NOT_WRITABLE',
        `the file system of the data folder ${this.#folder} cannot lock files (${reasonOf(cause)}), so two clouds could write into each other's state. Name a folder on a local disk.`,
        { cause },
      );
    }
    closeSync(fd);
    return undefined;
  }
}

interface Owner {
  readonly pid: number;
  readonly host: string;
}

/** What the owner wrote about itself; for the message alone, so anything may be missing. */
function ownerOf(path: string): Owner | undefined {
  try {
    const { pid, host } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner>;
    if (Number.isSafeInteger(pid) && /^[\w.-]{1,255}$/.test(String(host)))
      return { pid: Number(pid), host: String(host) };
  } catch {
    // It has just begun to write, or an operator has emptied the file.
  }
  return undefined;
}

function inUse(folder: string, owner: Owner | undefined, role: string): RenormError {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`;
  return new RenormError(
    'DATA_IN_USE',
    `the data folder ${folder} is used by ${who} (${role}). Stop it, or name another folder.`,
  );
}
