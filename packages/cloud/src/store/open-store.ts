import { RenormError } from '@renorm/protocol';
import { FreeSpace, type FreeSpaceOptions } from './free-space.js';
import { LmdbStore } from './lmdb.js';
import { isClusterUrl, withoutSecrets } from './nats/address.js';
import type { Store } from './store.js';

export interface OpenStoreOptions {
  /** Asked for room before each write. Default: one of its own, with the usual reserve. */
  readonly space?: FreeSpace;
  /** Told when a cluster's store is lost, with the error that writes end in, and when it is there again. */
  readonly onAway?: (error: RenormError | undefined) => void;
}

/**
 * Opens a store. The one place that names the drivers.
 *
 * @param place a data folder, or the URL of a store on NATS
 * @throws RenormError DISK_FULL, STORE_UNREACHABLE, REQUEST_INVALID (the URL)
 */
export async function openStore(
  place: string,
  { space = spaceOf(place), onAway }: OpenStoreOptions = {},
): Promise<Store> {
  if (!isClusterUrl(place)) return LmdbStore.open(place, { space });
  // Who has no cluster needs no client of it.
  const { NatsStore } = await import('./nats/nats-store.js');
  return NatsStore.open(place, { space, ...(onAway && { onAway }) });
}

/**
 * A store on NATS, with what it says about itself.
 *
 * @throws RenormError as `openStore`, DATA_DAMAGED
 */
export async function lookAtCluster(url: string, options: OpenStoreOptions = {}) {
  const [{ NatsStore }, { factsOf }] = await Promise.all([import('./nats/nats-store.js'), import('./nats/claim.js')]);
  const store = await NatsStore.open(url, options);
  try {
    const [facts, bytes] = await Promise.all([factsOf(store), store.cluster.bytes()]);
    return { store, facts, bytes };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Room in a place: a folder's disk is looked at, a cluster says when it has none. */
export function spaceOf(place: string, options: Pick<FreeSpaceOptions, 'onChange'> = {}): FreeSpace {
  if (!isClusterUrl(place)) return new FreeSpace(place, options);
  const full = (): RenormError =>
    new RenormError(
      'DISK_FULL',
      `the store ${withoutSecrets(place)} is full; nothing more is kept. Give its streams or its servers more room: everything goes on by itself then.`,
    );
  return new FreeSpace(place, { ...options, full, roomOf: () => ({ free: Number.POSITIVE_INFINITY, size: 0 }) });
}
