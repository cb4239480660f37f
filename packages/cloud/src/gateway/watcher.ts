import type { ServerWritableStream } from '@grpc/grpc-js';
import {
  encodeSnapshot,
  equalBytes,
  exportedVersion,
  fromBinary,
  type ParameterSet,
  type Reference,
  toBinary,
  type Version,
  VersionSchema,
  type WatchRequest,
  type WatchResponse,
} from '@renorm/protocol';
import type { LatestVersion, StoredVersion, Substrate } from '../store/substrate.js';

/**
 * What brings a device from the version that it holds to the newest: the deltas in between, or a snapshot where that is smaller, or
 * where the device holds something that the cloud does not know.
 */
export function versionsFor(
  running: Reference,
  exported: ParameterSet,
  cohort: string,
  substrate: Substrate,
): Version[] {
  const start = exportedVersion(exported);
  const latest: LatestVersion = substrate.latest(cohort) ?? { ...start, publishedAtMs: 0 };
  if (running.number === latest.number && equalBytes(running.digest, latest.digest)) return [];
  const chain = substrate.versionsAfter(cohort, running.number);
  if (!leadsFrom(running, chain, latest)) return [encodeSnapshot(latest)];
  const deltas = chain.map(({ message }) => fromBinary(VersionSchema, message));
  // The usual case, for every device at every version: a snapshot is not even made.
  if (chain.length === 1) return deltas;
  const snapshot = encodeSnapshot(latest);
  const bytes = chain.reduce((sum, { message }) => sum + message.length, 0);
  return bytes > toBinary(VersionSchema, snapshot).length ? [snapshot] : deltas;
}

function leadsFrom(running: Reference, chain: readonly StoredVersion[], latest: LatestVersion): boolean {
  let { number, digest } = running;
  for (const version of chain) {
    if (version.number !== number + 1 || !equalBytes(version.parentDigest, digest)) return false;
    ({ number, digest } = version);
  }
  return number === latest.number && chain.length > 0;
}

type WatchCall = ServerWritableStream<WatchRequest, WatchResponse>;

/**
 * One device's stream. A slow reader is never queued for: while its connection is full nothing is written, and when it drains it gets
 * what leads to the newest version by then.
 */
export class Watcher {
  readonly #call: WatchCall;
  readonly #versionsFrom: (running: Reference) => Version[];
  readonly #respond: (version: Version) => WatchResponse;
  #running: Reference;
  #full = false;

  /** @param respond wraps a version for the way: signed, where there is a key */
  constructor(
    call: WatchCall,
    running: Reference,
    versionsFrom: (running: Reference) => Version[],
    respond: (version: Version) => WatchResponse,
  ) {
    this.#respond = respond;
    this.#call = call;
    this.#running = running;
    this.#versionsFrom = versionsFrom;
    call.on('drain', () => {
      this.#full = false;
      this.send();
    });
  }

  /** Sends what the device lacks. */
  send(): void {
    while (!this.#full && !this.#call.cancelled) {
      const [version] = this.#versionsFrom(this.#running);
      if (version === undefined) return;
      this.#full = !this.#call.write(this.#respond(version));
      this.#running = { number: Number(version.number), digest: version.digest };
    }
  }

  end(): void {
    this.#call.end();
  }
}
