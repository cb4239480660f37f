import type { ServerWritableStream } from '@grpc/grpc-js';
import {
  create,
  type Reference,
  type Version,
  type VersionState,
  type WatchRequest,
  type WatchResponse,
  WatchResponseSchema,
} from '@renorm/protocol';
import type { Signer } from '../trust/signer.js';
import { CatchUp } from './catch-up.js';
import type { GatewaySetup } from './gateway-options.js';
import { Watcher } from './watcher.js';

/** Times that a version is signed anew while it is good; and no more seldom than daily: timers do not reach far. */
const RENEWALS = 3;
const DAY_MS = 24 * 3_600_000;

/** The streams of versions, by cohort. */
export class Watchers {
  readonly #signer: Signer | undefined;
  readonly #modelDigest: Uint8Array;
  readonly #exportedDigest: Uint8Array;
  readonly #catchUp: CatchUp;
  readonly #byCohort = new Map<string, Set<Watcher>>();
  readonly #renewal: NodeJS.Timeout | undefined;

  /** @param exported version 0 of the edge model */
  constructor({ signer, edgeDigest, substrate }: GatewaySetup, exported: VersionState) {
    this.#signer = signer;
    this.#modelDigest = edgeDigest;
    this.#exportedDigest = exported.digest;
    this.#catchUp = new CatchUp(substrate, exported);
    if (signer !== undefined)
      this.#renewal = setInterval(() => this.#renewAll(), Math.min(signer.validityMs / RENEWALS, DAY_MS)).unref();
  }

  /** Serves a stream, beginning with what the device lacks. */
  add(call: ServerWritableStream<WatchRequest, WatchResponse>, running: Reference, cohort: string): void {
    const watcher = new Watcher(
      call,
      running,
      (from) => this.#catchUp.versionFor(from, cohort),
      (version) => this.#response(version, cohort),
    );
    const watchers = this.#byCohort.get(cohort) ?? new Set();
    this.#byCohort.set(cohort, watchers.add(watcher));
    call.once('close', () => watchers.delete(watcher));
    call.on('cancelled', () => watchers.delete(watcher));
    watcher.send();
  }

  /** Tells every device of a cohort about its newest version. */
  published(cohort: string): void {
    for (const watcher of this.#byCohort.get(cohort) ?? []) watcher.send();
  }

  /** Ends all streams. */
  end(): void {
    clearInterval(this.#renewal);
    for (const watchers of this.#byCohort.values()) for (const watcher of watchers) watcher.end();
  }

  /** Devices that hold the newest version hear of it again before what they hold has expired. */
  #renewAll(): void {
    for (const [cohort, watchers] of this.#byCohort) {
      const version = this.#catchUp.newest(cohort);
      if (version !== undefined) for (const watcher of watchers) watcher.renew(version);
    }
  }

  #response(version: Version, cohort: string): WatchResponse {
    const place = { modelDigest: this.#modelDigest, cohort, exportedDigest: this.#exportedDigest };
    const signedVersion = this.#signer?.sign(version, place);
    return create(WatchResponseSchema, signedVersion === undefined ? { version } : { signedVersion });
  }
}
