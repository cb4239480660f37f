import { statfsSync } from 'node:fs';
import { RenormError } from '@renorm/protocol';

/** What a file system has, in bytes. */
export interface Room {
  readonly free: number;
  readonly size: number;
}

export interface FreeSpaceOptions {
  /** Bytes that stay free. Default: 64 MiB, or a twentieth of a small disk. */
  readonly reserve?: number;
  /** Told when it becomes full, with the error that writes end in, and when there is room again. */
  readonly onChange?: (full: RenormError | undefined) => void;
  /** What is said when it is full. Default: of the disk of a data folder. */
  readonly full?: (free: number) => RenormError;
  /** Default: what the file system says. */
  readonly roomOf?: (folder: string) => Room;
  readonly now?: () => number;
}

const RESERVE = 64 * 2 ** 20;
const RESERVE_SHARE = 0.05;
/** Full below the reserve, free again from a quarter more: the one must not follow the other with every sample. */
const FREE_AGAIN = 1.25;
/**
 * How long a write that failed counts, where the file system still says that there is room: a quota does not show
 * there.
 */
const FAILED_COUNTS_MS = 5_000;

/**
 * Stops writing while there is still room: a database that runs into the end of its disk can no longer give anything
 * back either, for it copies what it changes. The check costs some microseconds, so it is made before every write.
 */
export class FreeSpace {
  readonly #folder: string;
  readonly #reserve: number | undefined;
  readonly #onChange: (full: RenormError | undefined) => void;
  readonly #roomOf: (folder: string) => Room;
  readonly #now: () => number;
  readonly #error: (free: number) => RenormError;
  #isFull = false;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string, { reserve, onChange, roomOf, now, full }: FreeSpaceOptions = {}) {
    this.#folder = folder;
    this.#reserve = reserve;
    this.#onChange = onChange ?? (() => undefined);
    this.#roomOf = roomOf ?? room;
    this.#now = now ?? (() => performance.now());
    this.#error = full ?? ((free) => diskFull(folder, free));
  }

  /** Looks, and tells if it has changed. */
  get isFull(): boolean {
    const { free, size } = this.#roomOf(this.#folder);
    const reserve = this.#reserve ?? Math.min(RESERVE, size * RESERVE_SHARE);
    const isShort = free < (this.#isFull ? reserve * FREE_AGAIN : reserve);
    const isFull = isShort || this.#now() - this.#failedAt < FAILED_COUNTS_MS;
    if (isFull !== this.#isFull) {
      this.#isFull = isFull;
      this.#onChange(isFull ? this.#error(free) : undefined);
    }
    return isFull;
  }

  /** Call before a write. @throws RenormError DISK_FULL */
  admit(): void {
    if (this.isFull) throw this.#error(this.#roomOf(this.#folder).free);
  }

  /** Call after a write failed with DISK_FULL, though it had been admitted. */
  writeFailed(): void {
    this.#failedAt = this.#now();
    void this.isFull;
  }
}

const diskFull = (folder: string, free: number): RenormError =>
  new RenormError(
    'DISK_FULL',
    `the disk of the data folder ${folder} has ${Math.floor(free / 2 ** 20)} MiB left, which are kept for what is there; nothing more is kept. Free some space: everything goes on by itself then.`,
  );

function room(folder: string): Room {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { free: bavail * bsize, size: blocks * bsize };
}
