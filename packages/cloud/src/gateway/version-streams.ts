import {
  create,
  type Reference,
  type Version,
  type VersionState,
  type WatchResponse,
  WatchResponseSchema,
} from '@renorm/protocol';
import type { Signer } from '../trust/signer.js';
import { toStatus } from './call-status.js';
import { CatchUp } from './catch-up.js';
import type { GatewayCohorts, GatewaySetup } from './gateway-setup.js';
import { VersionStream } from './version-stream.js';
import type { Call } from './wire/call.js';

/** Times that a version is signed anew while it is good; and no more seldom than daily: timers do not reach far. */
const RENEWALS = 3;
const DAY_MS = 24 * 3_600_000;

/** The streams of versions, by cohort. */
export class VersionStreams {
  readonly #signer: Signer | undefined;
  readonly #modelDigest: Uint8Array;
  readonly #exportedDigest: Uint8Array;
  readonly #catchUp: CatchUp;
  readonly #cohorts: GatewayCohorts;
  readonly #onError: (error: unknown) => void;
  readonly #byCohort = new Map<string, Set<VersionStream>>();
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
  add(call: Call, running: Reference, cohort: string, encode: (response: WatchResponse) => Uint8Array): void {
    const stream = new VersionStream(call, running, {
      versionFor: (from) => this.#catchUp.versionFor(from, cohort),
      encode: (version) => encode(this.#response(version, cohort)),
      failed: (error) => {
        this.#onError(error);
        call.end(toStatus(error));
      },
    });
    this.#byCohort.set(cohort, (this.#byCohort.get(cohort) ?? new Set()).add(stream));
    call.onClose(() => this.#remove(stream, cohort));
    stream.send();
  }

  /** Ends all streams. */
  end(): void {
    clearInterval(this.#renewal);
    this.#unwatch();
    for (const streams of this.#byCohort.values()) for (const stream of streams) stream.end();
  }

  #remove(stream: VersionStream, cohort: string): void {
    const streams = this.#byCohort.get(cohort);
    streams?.delete(stream);
    if (streams?.size !== 0) return;
    this.#byCohort.delete(cohort);
    this.#told.delete(cohort);
  }

  /** Most steps publish nothing: then nobody is asked what they lack. */
  async #published(cohort: string): Promise<void> {
    if (!this.#byCohort.has(cohort)) return;
    const { version } = await this.#cohorts.standing(cohort);
    if (version === undefined || version.number === this.#told.get(cohort)) return;
    this.#told.set(cohort, version.number);
    for (const stream of this.#byCohort.get(cohort) ?? []) stream.send();
  }

  /** Devices that hold the newest version hear of it again before what they hold has expired. */
  async #renewAll(): Promise<void> {
    for (const [cohort, streams] of this.#byCohort) {
      const version = await this.#catchUp.newest(cohort);
      if (version !== undefined) for (const stream of streams) stream.renew(version);
    }
  }

  #response(version: Version, cohort: string): WatchResponse {
    const place = { modelDigest: this.#modelDigest, cohort, exportedDigest: this.#exportedDigest };
    const signedVersion = this.#signer?.sign(version, place);
    return create(WatchResponseSchema, signedVersion === undefined ? { version } : { signedVersion });
  }
}
