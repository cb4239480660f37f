import { FreeSpace } from './free-space.js';
import { LmdbStore } from './lmdb.js';
import type { Store } from './store.js';

export interface OpenStoreOptions {
  /** Asked for room before each write. Default: one of its own, with the usual reserve. */
  readonly space?: FreeSpace;
}

/** Opens the store of a data folder. The one place that names the driver. @throws RenormError DISK_FULL */
export function openStore(folder: string, { space = new FreeSpace(folder) }: OpenStoreOptions = {}): Promise<Store> {
  return LmdbStore.open(folder, { space });
}
