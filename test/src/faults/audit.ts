import { checkState } from '@renorm/cloud';
import { digestBytes, toHex } from '@renorm/protocol';
import { repositoryPath } from '../support/cloud-process.js';
import type { Witness } from './load.js';
import type { Tally } from './tally.js';

/** Holds what is in a data folder, or a store on NATS, against what devices were told, and adds it to the tally. Its cloud is stopped. */
export async function audit(data: string, witness: Witness, tally: Tally): Promise<void> {
  const found = new Map<string, string>();
  const versions = new Map<string, string>();
  const report = await checkState({
    ...(data.startsWith('nats:') ? { store: data } : { data }),
    edgeModel: repositoryPath('models/fashion-edge.onnx'),
    onSample(cohort, _, { session, device, sequence, data: bytes }) {
      const key = `${cohort} ${session} ${device} ${sequence}`;
      if (found.has(key)) tally.twice += 1;
      found.set(key, toHex(digestBytes(bytes)));
    },
    onVersion: (cohort, number, digest) => versions.set(`${cohort} ${number}`, toHex(digest)),
  });
  tally.problems.push(...report.problems.filter((what) => !/stored twice/.test(what)));
  // What was trained on long ago has left the replay buffer; which samples these were nobody knows any more.
  const forgotten = report.cohorts.reduce((sum, { received, kept }) => sum + received - kept, 0);
  const missing = [...witness.acknowledged.keys()].filter((key) => !found.has(key));
  tally.acknowledged += witness.acknowledged.size;
  tally.lost += Math.max(0, missing.length - forgotten);
  for (const [key, digest] of found) {
    const sent = witness.sent.get(key);
    if (sent !== undefined && sent !== digest) tally.changed += 1;
  }
  tally.forked += witness.forked.length;
  for (const [key, digest] of witness.versions) {
    // The last 512 are kept; a version that a device took is among them here.
    if (versions.get(key) !== digest) tally.forked += 1;
  }
}
