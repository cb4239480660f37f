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
import type { GatewayCohorts, GatewaySetup } from './gateway-options.js';
import { toServiceError } from './service-error.js';
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
  readonly #cohorts: GatewayCohorts;
  readonly #onError: (error: unknown) => void;
  readonly #byCohort = new Map<string, Set<Watcher>>();
  /** The newest version that the streams of a cohort were told of. */
  readonly #told = new Map<string, number>();
  readonly #unwatch: () => void;
  readonly #renewal: NodeJS.Timeout | undefined;

  /** @param exported version 0 of the edge model */
  constructor({ signer, edgeDigest, cohorts, onError }: GatewaySetup, exported: VersionState) {
    this.#signer = signer;
    this.#modelDigest = edgeDigest;
    this.#exportedDigest = exported.digest;
    this.#cohorts = cohorts;
    this.#onError = onError;
    this.#catchUp = new CatchUp(cohorts, exported);
    this.#unwatch = cohorts.watch((cohort, what) => {
      if (what === 'head') this.#published(cohort).catch(onError);
    });
    if (signer !== undefined)
      this.#renewal = setInterval(
        () => void this.#renewAll().catch(onError),
        Math.min(signer.validityMs / RENEWALS, DAY_MS),
      ).unref();
  }

  /** Serves a stream, beginning with what the device lacks. */
  add(call: ServerWritableStream<WatchRequest, WatchResponse>, running: Reference, cohort: string): void {
    const watcher = new Watcher(call, running, {
      versionFor: (from) => this.#catchUp.versionFor(from, cohort),
      respond: (version) => this.#response(version, cohort),
      failed: (error) => {
        this.#onError(error);
        call.emit('error', toServiceError(error));
      },
    });
    this.#byCohort.set(cohort, (this.#byCohort.get(cohort) ?? new Set()).add(watcher));
    const leave = (): void => this.#remove(watcher, cohort);
    call.once('close', leave);
    call.on('cancelled', leave);
    watcher.send();
  }

  /** Ends all streams. */
  end(): void {
    clearInterval(this.#renewal);
    this.#unwatch();
    for (const watchers of this.#byCohort.values()) for (const watcher of watchers) watcher.end();
  }

  #remove(watcher: Watcher, cohort: string): void {
    const watchers = this.#byCohort.get(cohort);
    watchers?.delete(watcher);
    if (watchers?.size !== 0) return;
    this.#byCohort.delete(cohort);
    this.#told.delete(cohort);
  }

  /** Most steps publish nothing: then nobody is asked what they lack. */
  async #published(cohort: string): Promise<void> {
    if (!this.#byCohort.has(cohort)) return;
    const { version } = await this.#cohorts.standing(cohort);
    if (version === undefined || version.number === this.#told.get(cohort)) return;
    this.#told.set(cohort, version.number);
    for (const watcher of this.#byCohort.get(cohort) ?? []) watcher.send();
  }

  /** Devices that hold the newest version hear of it again before what they hold has expired. */
  async #renewAll(): Promise<void> {
    for (const [cohort, watchers] of this.#byCohort) {
      const version = await this.#catchUp.newest(cohort);
      if (version !== undefined) for (const watcher of watchers) watcher.renew(version);
    }
  }

  #response(version: Version, cohort: string): WatchResponse {
    const place = { modelDigest: this.#modelDigest, cohort, exportedDigest: this.#exportedDigest };
    const signedVersion = this.#signer?.sign(version, place);
    return create(WatchResponseSchema, signedVersion === undefined ? { version } : { signedVersion });
  }
}
