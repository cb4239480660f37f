import { RenormError } from '@renorm/protocol';
import type { CloudEvent } from './events.js';
import { FreeSpace } from './store/free-space.js';

/** How often a full disk is looked at while nobody writes, in milliseconds. */
const LOOK_MS = 1_000;

/** The disk of a running cloud. */
export interface WatchedDisk {
  readonly space: FreeSpace;
  /** Whether uploads are refused, or training waits, for want of room. */
  readonly isFull: boolean;
  /** What the trainer found in its own thread; undefined: it goes on. */
  trainerWaits(error: RenormError | undefined): void;
  /** Whether an error says no more than what has been told already. */
  isKnown(error: unknown): boolean;
  close(): void;
}

/** Watches the disk of a data folder, and tells once that the cloud waits for room and once that it goes on, whoever has noticed. */
export function watchDisk(folder: string, emit: (event: CloudEvent) => void): WatchedDisk {
  const waiting = new Map<'space' | 'trainer', RenormError>();
  const set = (who: 'space' | 'trainer', error: RenormError | undefined): void => {
    const before = waiting.size;
    if (error === undefined) waiting.delete(who);
    else waiting.set(who, error);
    if (before === 0 && error !== undefined) emit({ kind: 'paused', error });
    if (before > 0 && waiting.size === 0) emit({ kind: 'resumed' });
  };
  const space = new FreeSpace(folder, { onChange: (full) => set('space', full) });
  const look = setInterval(() => void space.isFull, LOOK_MS);
  look.unref();
  return {
    space,
    get isFull() {
      return waiting.size > 0;
    },
    trainerWaits: (error) => set('trainer', error),
    isKnown: (error) => error instanceof RenormError && error.code === 'DISK_FULL' && waiting.size > 0,
    close: () => clearInterval(look),
  };
}
