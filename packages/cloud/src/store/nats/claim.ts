import { RenormError } from '@renorm/protocol';
import type { FolderClaim, FolderModels } from '../data-folder.js';
import { Fields, pack } from '../fields.js';
import { DATA_FORMAT } from '../folder-facts.js';
import { isOutrun } from './cluster-error.js';
import type { NatsStore } from './nats-store.js';

export interface Facts {
  readonly format: number;
  readonly models: FolderModels;
  /** Of the message that says so; 0: nobody has said anything. */
  readonly seq: number;
}

/**
 * Checks that a store on NATS belongs to these models, or makes it theirs. Nothing is locked: gateways and trainers
 * share it.
 *
 * @throws RenormError DATA_OTHER_MODEL, DATA_FORMAT_NEWER, STORE_UNREACHABLE
 */
export async function claimCluster(store: NatsStore, models: FolderModels): Promise<FolderClaim> {
  const { cluster } = store;
  const subject = `${cluster.name}.facts`;
  for (;;) {
    const facts = await factsOf(store);
    if (facts.format > DATA_FORMAT)
      throw new RenormError(
        'DATA_FORMAT_NEWER',
        `the store ${cluster.label} has format ${facts.format}, this release knows up to ${DATA_FORMAT}. Run the release that wrote it; nothing was changed.`,
      );
    for (const [key, what] of [['edgeModel', 'edge'] as const, ['foundationModel', 'foundation'] as const]) {
      const [known, given] = [facts.models[key], models[key]];
      // A foundation model may come and go: some strategies need none.
      if (known === undefined || known === '' || given === undefined || known === given) continue;
      throw new RenormError(
        'DATA_OTHER_MODEL',
        `the store ${cluster.label} belongs to the ${what} model ${known}, this one is ${given} (SHA-256). Give the store of new models a name of its own, behind the host: nats://host:4222/name.`,
      );
    }
    const next = { ...facts.models, ...models };
    const isSaid = facts.seq > 0 && next.foundationModel === facts.models.foundationModel;
    try {
      if (!isSaid) await cluster.publish({ subject, bytes: pack({ format: DATA_FORMAT, ...next }), after: facts.seq });
      return { repaired: [], storeOpened: () => undefined, storeUsed: () => undefined, release: () => undefined };
    } catch (error) {
      // Another gateway or trainer was first: what it has said counts.
      if (!isOutrun(error)) throw error;
    }
  }
}

/** What a store says about itself. @throws RenormError DATA_DAMAGED, STORE_UNREACHABLE */
export async function factsOf({ cluster }: NatsStore): Promise<Facts> {
  const message = await cluster.get(cluster.state, { last: `${cluster.name}.facts` });
  if (message === undefined) return { format: DATA_FORMAT, models: { edgeModel: '' }, seq: 0 };
  const record = Fields.unpack(message.data, `what the store ${cluster.label} says about itself`);
  return {
    format: record.count('format'),
    models: {
      edgeModel: record.text('edgeModel'),
      ...(record.has('foundationModel') && { foundationModel: record.text('foundationModel') }),
    },
    seq: message.seq,
  };
}
