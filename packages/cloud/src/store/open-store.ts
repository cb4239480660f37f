import { FreeSpace } from './free-space.js';
import { LmdbStore } from './lmdb.js';
import type { Store } from './store.js';

export interface OpenStoreOptions {
  /** Told when the disk becomes full, and when there is room again. */
  readonly onDiskFull?: (isFull: boolean) => void;
}

/** Opens the store of a data folder. The one place that names the driver. @throws RenormError DISK_FULL */
export function openStore(folder: string, { onDiskFull }: OpenStoreOptions = {}): Promise<Store> {
  return LmdbStore.open(folder, { space: new FreeSpace(folder, { ...(onDiskFull && { onChange: onDiskFull }) }) });
}
