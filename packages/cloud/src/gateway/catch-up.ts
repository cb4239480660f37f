import {
  encodeSnapshot,
  equalBytes,
  fromBinary,
  joinDeltas,
  type ParameterVersion,
  type Reference,
  toBinary,
  toHex,
  type Version,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';
import { LRUCache } from 'lru-cache';
import type { Cohorts } from '../store/cohorts.js';
import type { StoredVersion } from '../store/records.js';

/** What has been made for devices that are at some version, while one version is the newest. */
interface Prepared {
  readonly latest: ParameterVersion;
  readonly snapshot: Version;
  /**
   * By number and digest of what the device holds, where that is a version of the chain: after a rollback two numbers
   * have one digest.
   */
  readonly deltas: Map<string, Promise<Version>>;
}

/** Cohorts for which what was made is kept. */
const PREPARED_KEPT = 128;

/** Brings devices to the newest version of their cohort with one message, whatever they hold. */
export class CatchUp {
  readonly #cohorts: Pick<Cohorts, 'latest' | 'versionsAfter'>;
  readonly #exported: VersionState;
  readonly #prepared = new LRUCache<string, Prepared>({ max: PREPARED_KEPT });

  /** @param exported version 0 of the edge model */
  constructor(cohorts: Pick<Cohorts, 'latest' | 'versionsAfter'>, exported: VersionState) {
    this.#cohorts = cohorts;
    this.#exported = exported;
  }

  /**
   * A delta or a snapshot, whichever is smaller; a snapshot for who holds something that the cloud does not know.
   * Nothing for who has the newest version.
   */
  async versionFor(running: Reference, cohort: string): Promise<Version | undefined> {
    const latest = (await this.#cohorts.latest(cohort)) ?? { ...this.#exported, publishedAtMs: 0 };
    if (running.number === latest.number && equalBytes(running.digest, latest.digest)) return undefined;
    const { snapshot, deltas } = this.#prepare(cohort, latest);
    const key = `${running.number} ${toHex(running.digest)}`;
    const known = deltas.get(key);
    if (known !== undefined) return known;
    const best = this.#delta(running, cohort, latest).then((delta) => {
      // Who holds something unknown may hold anything: what is made for them is not kept.
      if (delta === undefined) deltas.delete(key);
      return delta !== undefined && sizeOf(delta) < sizeOf(snapshot) ? delta : snapshot;
    });
    // Devices that are at the same version ask at the same time; what failed is made again.
    deltas.set(key, best);
    best.catch(() => deltas.delete(key));
    return best;
  }

  /** The newest version of a cohort, standing alone; undefined while it runs the model as exported. */
  async newest(cohort: string): Promise<Version | undefined> {
    const latest = await this.#cohorts.latest(cohort);
    return latest && this.#prepare(cohort, latest).snapshot;
  }

  #prepare(cohort: string, latest: ParameterVersion): Prepared {
    const known = this.#prepared.get(cohort);
    if (known?.latest.number === latest.number && equalBytes(known.latest.digest, latest.digest)) return known;
    const prepared = { latest, snapshot: encodeSnapshot(latest), deltas: new Map<string, Promise<Version>>() };
    this.#prepared.set(cohort, prepared);
    return prepared;
  }

  async #delta(running: Reference, cohort: string, latest: ParameterVersion): Promise<Version | undefined> {
    const stored = await this.#cohorts.versionsAfter(cohort, running.number);
    // A newer one may have come since.
    const chain = stored.filter(({ number }) => number <= latest.number);
    if (!leadsFrom(running, chain, latest)) return undefined;
    const deltas = chain.map(({ message }) => fromBinary(VersionSchema, message));
    return deltas.length === 1 ? deltas[0] : joinDeltas(running, deltas, latest);
  }
}

const sizeOf = (version: Version): number => toBinary(VersionSchema, version).length;

function leadsFrom(running: Reference, chain: readonly StoredVersion[], latest: Reference): boolean {
  let { number, digest } = running;
  for (const version of chain) {
    if (version.number !== number + 1 || !equalBytes(version.parentDigest, digest)) return false;
    ({ number, digest } = version);
  }
  return number === latest.number && equalBytes(digest, latest.digest) && chain.length > 0;
}
