import { RenormError, reasonOf } from '@renorm/protocol';
import { type BackoffOptions, backoffMs } from '../backoff.js';
import type { Clock, DeviceStore, Random, RecordChange, StoredRecord } from '../platform.js';

/** What a keeper works with. */
export interface KeeperParts {
  readonly store: DeviceStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: BackoffOptions;
  /** Told when the store stops to take what is to be kept, and with undefined when it does again. */
  onTrouble(error: RenormError | undefined): void;
}

/**
 * Writes records behind the back of who changes them. Changes that come while others are written go together in the
 * next write, so that a disk sees few of them; at any moment the store is as all records were at some moment before.
 * What cannot be written waits here, is read from here, and is tried again: a full disk is an event, not an end.
 */
export class Keeper {
  readonly #parts: KeeperParts;
  /** Not written yet. */
  #changes = new Map<string, Uint8Array | undefined>();
  /** Being written. */
  #writing = new Map<string, Uint8Array | undefined>();
  #run: Promise<void> | undefined;
  /** Attempts that failed, in a row. */
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  /** Bytes that wait to be written. */
  get waitingBytes(): number {
    return [this.#changes, this.#writing]
      .flatMap((each) => [...each.values()])
      .reduce((sum, value) => sum + (value?.length ?? 0), 0);
  }

  /** Keeps a record, or without a value removes it. The value is not copied. */
  put(key: string, value: Uint8Array | undefined): void {
    if (this.#isClosed) return;
    this.#changes.delete(key);
    this.#changes.set(key, value);
    // While the store fails, the timer alone says when to try again.
    if (this.#failures === 0) this.#run ??= this.#write();
  }

  /** As it is now, written or not. @throws RenormError DATA_DAMAGED, DATA_NOT_WRITABLE */
  async get(key: string): Promise<Uint8Array | undefined> {
    for (const each of [this.#changes, this.#writing]) if (each.has(key)) return each.get(key);
    return this.#parts.store.get(key);
  }

  /** Resolves when all that was put before is written, or the store has failed. */
  async settled(): Promise<void> {
    await this.#run;
  }

  /** The records of a prefix, as they are on the disk. */
  list(prefix: string): Promise<readonly StoredRecord[]> {
    return this.#parts.store.list(prefix);
  }

  /**
   * Has what was removed gone from the disk too, once all that was put is written.
   *
   * @throws RenormError DATA_NOT_WRITABLE
   */
  async purge(): Promise<void> {
    this.#run ??= this.#write();
    await this.#run;
    if (this.#failures > 0)
      throw new RenormError(
        'DATA_NOT_WRITABLE',
        'what was erased is still on the disk, which cannot be written; make room.',
      );
    // What is put meanwhile waits, as behind a write.
    this.#run = (async () => this.#parts.store.purge?.())().finally(() => {
      this.#run = this.#changes.size > 0 ? this.#write() : undefined;
    });
    await this.#run;
  }

  /** Tries to write what waits, and closes the store. */
  async close(): Promise<void> {
    this.#run ??= this.#write();
    await this.#run;
    this.#isClosed = true;
    this.#cancelRetry?.();
    await this.#parts.store.close();
  }

  async #write(): Promise<void> {
    this.#cancelRetry?.();
    // What comes in the same turn goes together.
    await undefined;
    while (this.#changes.size > 0) {
      this.#writing = this.#changes;
      this.#changes = new Map();
      const changes = [...this.#writing].map(([key, value]): RecordChange => ({ key, value }));
      try {
        await this.#parts.store.write(changes);
      } catch (cause) {
        this.#failed(cause);
        return;
      }
      this.#writing = new Map();
      if (this.#failures > 0) this.#parts.onTrouble(undefined);
      this.#failures = 0;
    }
    this.#run = undefined;
  }

  #failed(cause: unknown): void {
    const { clock, random, backoff, onTrouble } = this.#parts;
    this.#changes = new Map([...this.#writing, ...this.#changes]);
    this.#writing = new Map();
    this.#run = undefined;
    this.#failures++;
    if (this.#failures === 1) onTrouble(asError(cause));
    this.#cancelRetry = clock.after(backoffMs(this.#failures, random.fraction(), backoff), () => {
      this.#run ??= this.#write();
    });
  }
}

function asError(cause: unknown): RenormError {
  if (cause instanceof RenormError) return cause;
  const text = `what the device remembers cannot be written (${reasonOf(cause)}); it goes on, and keeps in memory what fits.`;
  return new RenormError('DATA_NOT_WRITABLE', text, { cause });
}
