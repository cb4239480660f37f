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
import type { StoredVersion, Substrate } from '../store/substrate.js';

/** What has been made for devices that are at some version, while one version is the newest. */
interface Prepared {
  readonly latest: ParameterVersion;
  readonly snapshot: Version;
  /** By number and digest of what the device holds, where that is a version of the chain: after a rollback two numbers have one digest. */
  readonly deltas: Map<string, Version>;
}

/** Brings devices to the newest version of their cohort with one message, whatever they hold. */
export class CatchUp {
  readonly #substrate: Substrate;
  readonly #exported: VersionState;
  readonly #prepared = new Map<string, Prepared>();

  /** @param exported version 0 of the edge model */
  constructor(substrate: Substrate, exported: VersionState) {
    this.#substrate = substrate;
    this.#exported = exported;
  }

  /**
   * A delta or a snapshot, whichever is smaller; a snapshot for who holds something that the cloud does not know. Nothing for who
   * has the newest version.
   */
  versionFor(running: Reference, cohort: string): Version | undefined {
    const latest = this.#substrate.latest(cohort) ?? { ...this.#exported, publishedAtMs: 0 };
    if (running.number === latest.number && equalBytes(running.digest, latest.digest)) return undefined;
    const { snapshot, deltas } = this.#prepare(cohort, latest);
    const key = `${running.number} ${toHex(running.digest)}`;
    const known = deltas.get(key);
    if (known !== undefined) return known;
    const delta = this.#delta(running, cohort, latest);
    if (delta === undefined) return snapshot;
    const best = sizeOf(delta) < sizeOf(snapshot) ? delta : snapshot;
    deltas.set(key, best);
    return best;
  }

  /** The newest version of a cohort, standing alone; undefined while it runs the model as exported. */
  newest(cohort: string): Version | undefined {
    const latest = this.#substrate.latest(cohort);
    return latest && this.#prepare(cohort, latest).snapshot;
  }

  #prepare(cohort: string, latest: ParameterVersion): Prepared {
    const known = this.#prepared.get(cohort);
    if (known?.latest.number === latest.number && equalBytes(known.latest.digest, latest.digest)) return known;
    const prepared = { latest, snapshot: encodeSnapshot(latest), deltas: new Map<string, Version>() };
    this.#prepared.set(cohort, prepared);
    return prepared;
  }

  #delta(running: Reference, cohort: string, latest: ParameterVersion): Version | undefined {
    const chain = this.#substrate.versionsAfter(cohort, running.number);
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
