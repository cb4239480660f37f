import { type ErrorCode, RenormError } from '@renorm/protocol';
import type { CloudEvent } from './events.js';
import type { FreeSpace } from './store/free-space.js';
import { spaceOf } from './store/open-store.js';

/** Errors that pass: whoever meets them waits, and goes on by itself. */
export const WAITS: ReadonlySet<ErrorCode> = new Set(['DISK_FULL', 'STORE_UNREACHABLE']);

/** How often a full disk is looked at while nobody writes, in milliseconds. */
const LOOK_MS = 1_000;

type Waiting = 'space' | 'trainer' | 'store';

/** The room of a running cloud: its disk, or its cluster. */
export interface WatchedDisk {
  readonly space: FreeSpace;
  /** Whether uploads are refused, or training waits, for want of room. */
  readonly isFull: boolean;
  /** What the trainer found in its own thread; undefined: it goes on. */
  trainerWaits(error: RenormError | undefined): void;
  /** The cluster's store was lost; undefined: it is back. */
  storeAway(error: RenormError | undefined): void;
  /** Whether an error says no more than what has been told already. */
  isKnown(error: unknown): boolean;
  close(): void;
}

/**
 * Watches the room in a data folder or a store, and tells once that the cloud waits for room and once that it goes on,
 * whoever has noticed.
 */
export function watchDisk(place: string, emit: (event: CloudEvent) => void): WatchedDisk {
  const waiting = new Map<Waiting, RenormError>();
  const set = (who: Waiting, error: RenormError | undefined): void => {
    const before = waiting.size;
    if (error === undefined) waiting.delete(who);
    else waiting.set(who, error);
    if (before === 0 && error !== undefined) emit({ kind: 'paused', error });
    if (before > 0 && waiting.size === 0) emit({ kind: 'resumed' });
  };
  const space = spaceOf(place, { onChange: (full) => set('space', full) });
  const look = setInterval(() => void space.isFull, LOOK_MS);
  look.unref();
  return {
    space,
    get isFull() {
      return waiting.size > 0;
    },
    trainerWaits: (error) => set('trainer', error),
    storeAway: (error) => set('store', error),
    isKnown: (error) => error instanceof RenormError && WAITS.has(error.code) && waiting.size > 0,
    close: () => clearInterval(look),
  };
}
