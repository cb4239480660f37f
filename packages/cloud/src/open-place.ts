import { RenormError } from '@renorm/protocol';
import type { CloudEvent } from './events.js';
import type { CloudRole } from './roles.js';
import { claimFolder, type FolderClaim, type FolderModels } from './store/data-folder.js';
import { isClusterUrl } from './store/nats/address.js';
import type { Leases, LeasesOptions } from './store/nats/leases.js';
import { openStore } from './store/open-store.js';
import type { Store } from './store/store.js';
import { type WatchedDisk, watchDisk } from './watch-disk.js';

/** Where a cloud keeps what must not be lost: one of the two. */
export interface Place {
  readonly data?: string;
  readonly store?: string;
}

/** A store that is open and belongs to the models of a cloud. */
export interface OpenedPlace {
  readonly store: Store;
  readonly claim: FolderClaim;
  readonly disk: WatchedDisk;
  /** Joins the trainers of a cluster; undefined in a folder, which has one. */
  readonly join?: (options: LeasesOptions) => Promise<Leases>;
}

/** A folder, or the URL of a store. @throws RenormError REQUEST_INVALID: neither, or both */
export function placeOf({ data, store }: Place): string {
  if (store !== undefined && !isClusterUrl(store))
    throw new RenormError(
      'REQUEST_INVALID',
      `the store ${store} is no URL of NATS, as nats://host:4222 is; a folder is given as data (--data).`,
    );
  if ((data === undefined) === (store === undefined))
    throw new RenormError(
      'REQUEST_INVALID',
      'a cloud keeps its state in a folder (data, --data) or in a store on NATS (store, --store); give one of them.',
    );
  return data ?? (store as string);
}

/**
 * Opens a place for a cloud.
 *
 * @param opened takes what has to be closed, in the order in which it was opened
 * @throws RenormError as `startCloud`
 */
export async function openPlace(
  place: string,
  models: FolderModels,
  roles: readonly CloudRole[],
  emit: (event: CloudEvent) => void,
  opened: (() => void | Promise<void>)[],
): Promise<OpenedPlace> {
  const folder = isClusterUrl(place) ? undefined : claimFolder(place, models, roles);
  if (folder !== undefined) opened.push(() => folder.release());
  const disk = watchDisk(place, emit);
  opened.push(() => disk.close());
  const store = await openStore(place, { space: disk.space, onAway: (error) => disk.storeAway(error) });
  try {
    if (folder !== undefined) return { store, disk, claim: folder };
    return { store, disk, ...(await claimed(store, models)) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function claimed(store: Store, models: FolderModels): Promise<Required<Pick<OpenedPlace, 'claim' | 'join'>>> {
  const [{ claimCluster }, { NatsStore }, { Leases }] = await Promise.all([
    import('./store/nats/claim.js'),
    import('./store/nats/nats-store.js'),
    import('./store/nats/leases.js'),
  ]);
  if (!(store instanceof NatsStore)) throw new Error('a URL opens a store on NATS');
  return {
    claim: await claimCluster(store, models),
    join: (options) => Leases.join(store.cluster, options),
  };
}
