import { existsSync } from 'node:fs';
import { checkOptions, type OptionRules, option, RenormError } from '@renorm/protocol';
import { openPlace, type Place, placeOf } from './open-place.js';
import { type CopiedCohort, copyCohort } from './store/copy-cohort.js';
import { type FolderModels, lookAtFolder } from './store/data-folder.js';
import { isClusterUrl, withoutSecrets } from './store/nats/address.js';
import { lookAtCluster, openStore } from './store/open-store.js';
import type { Store } from './store/store.js';

export interface CopyStateOptions {
  /** A folder whose cloud is stopped, or a store on NATS, whose cloud may run. */
  readonly from: Place;
  /** A folder or a store that holds nothing yet; made if it is not there. */
  readonly to: Place;
  /** Told of each cohort when it is there. */
  readonly onCopied?: (cohort: CopiedCohort) => void;
}

const PLACE = option.group({ data: option.text, store: option.text } satisfies OptionRules<Place>);
const RULES = {
  from: option.required(PLACE),
  to: option.required(PLACE),
  onCopied: option.callback,
} satisfies OptionRules<CopyStateOptions>;

interface Source {
  readonly store: Store;
  readonly models: FolderModels;
  close(): Promise<void>;
}

/**
 * Copies the state of a cloud between a folder and a store on NATS, either way, or makes a backup of a store: samples, training state and versions with
 * their numbers and digests, so that devices go on as if nothing had happened. Which sessions had sent what was trimmed is not copied: their samples
 * would have to come again after the whole window was replaced to count twice.
 *
 * @throws RenormError REQUEST_INVALID (nothing there, or something at the other end), DATA_IN_USE, DATA_DAMAGED, DISK_FULL, STORE_UNREACHABLE. What was copied until
 *   then stays: begin again in an empty place.
 */
export async function copyState(options: CopyStateOptions): Promise<CopiedCohort[]> {
  checkOptions('copyState', options, RULES);
  const [from, to] = [placeOf(options.from), placeOf(options.to)];
  const source = await (isClusterUrl(from) ? clusterSource(from) : folderSource(from));
  const opened: (() => void | Promise<void>)[] = [() => source.close()];
  try {
    const { store, claim } = await openPlace(to, source.models, ['gateway', 'trainer'], () => undefined, opened);
    opened.push(() => store.close());
    if ((await store.cohorts()).length > 0)
      throw new RenormError(
        'REQUEST_INVALID',
        `${withoutSecrets(to)} holds cohorts already; name an empty folder, or another name behind the host of the store.`,
      );
    claim.storeOpened(true);
    const copied: CopiedCohort[] = [];
    for (const cohort of (await source.store.cohorts()).sort()) {
      const each = await copyCohort(source.store, store, cohort);
      claim.storeUsed();
      copied.push(each);
      options.onCopied?.(each);
    }
    return copied;
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

async function folderSource(folder: string): Promise<Source> {
  if (!existsSync(folder))
    throw new RenormError('REQUEST_INVALID', `there is no folder ${folder}; name the one of the cloud (--data).`);
  const { facts, store, release } = lookAtFolder(folder);
  try {
    if (facts.kind !== 'facts' || store.kind !== 'whole')
      throw new RenormError(
        'DATA_DAMAGED',
        `the data folder ${folder} cannot be copied: it has no whole store. renorm state check says what is wrong.`,
      );
    const opened = await openStore(folder);
    const close = async (): Promise<void> => {
      await opened.close();
      release();
    };
    return { store: opened, models: modelsOf(facts.facts), close };
  } catch (error) {
    release();
    throw error;
  }
}

const modelsOf = ({ edgeModel, foundationModel }: FolderModels): FolderModels => ({
  edgeModel,
  ...(foundationModel !== undefined && { foundationModel }),
});

async function clusterSource(url: string): Promise<Source> {
  const { store, facts } = await lookAtCluster(url);
  if (facts.seq > 0) return { store, models: facts.models, close: () => store.close() };
  await store.close();
  throw new RenormError(
    'REQUEST_INVALID',
    `there is no cloud's state in ${withoutSecrets(url)}; name the store of one.`,
  );
}
