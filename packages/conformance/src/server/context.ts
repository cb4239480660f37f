import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AnnounceRequestSchema,
  create,
  openVersion,
  type Reference,
  RenormError,
  type Root,
  type Selection,
  toBinary,
  UploadRequestSchema,
  type Version,
  type VersionState,
  WatchRequestSchema,
  type WatchResponse,
  webEd25519,
} from '@renorm/protocol';
import { expect, Violation } from '../case.js';
import { decoded } from '../encoded-versions.js';
import type { ModelFacts } from '../model-facts.js';
import { type PlainSample, pixels } from '../sample-bytes.js';
import { answered } from './expectations.js';
import { Peer } from './peer.js';
import type { VersionStream } from './version-stream.js';
import type { Target } from './wire.js';

/** What the suite is told about the cloud under test. */
export interface ServerSetup {
  readonly target: Target;
  readonly model: ModelFacts;
  /** Where all cases take place. Default: cohorts that nobody has used, which a cloud with tokens refuses. */
  readonly cohort?: string;
  /** What the cloud's versions are checked against. */
  readonly root?: Root;
  /** Whether the cloud asks for certificates: what a device without one connects with. */
  readonly withoutCertificate?: Target;
  /** How long the cloud may take from samples to a version, in milliseconds. Default: 60,000. */
  readonly patienceMs?: number;
}

/** A request's parts that a case wants different. */
export interface Who {
  readonly id: string;
  readonly cohort: string;
  readonly modelDigest: Uint8Array;
}

const POLL_MS = 100;
const POLLS = 10;

/** What a case against a cloud works with. Everything that it opens is closed when the case ends. */
export class ServerContext {
  readonly setup: ServerSetup;
  /** The cohort of this case. */
  readonly cohort: string;
  readonly who: Who;
  readonly #peers: Peer[] = [];
  #seed = 1;

  constructor(setup: ServerSetup) {
    this.setup = setup;
    this.cohort = setup.cohort ?? `conformance-${randomBytes(6).toString('hex')}`;
    const id = `suite-${randomBytes(6).toString('hex')}`;
    this.who = { id, cohort: this.cohort, modelDigest: setup.model.digest };
  }

  get exported(): VersionState {
    return this.setup.model.exported;
  }

  /** A new connection. */
  peer(target: Target = this.setup.target): Peer {
    const peer = new Peer(target);
    this.#peers.push(peer);
    return peer;
  }

  session(): Uint8Array {
    return new Uint8Array(randomBytes(16));
  }

  announcement(who: Partial<Who> = {}, running: Reference = this.exported, rootVersion = 0): Uint8Array {
    return toBinary(
      AnnounceRequestSchema,
      create(AnnounceRequestSchema, { ...this.#named(who, running), rootVersion: BigInt(rootVersion) }),
    );
  }

  watching(running: Reference = this.exported, who: Partial<Who> = {}): Uint8Array {
    return toBinary(WatchRequestSchema, create(WatchRequestSchema, this.#named(who, running)));
  }

  /** @param sequences one for each sample */
  uploading(session: Uint8Array, sequences: readonly (number | bigint)[], given: UploadChanges = {}): Uint8Array {
    const { who, sample, selection, entropy = 0.5, version = 0 } = given;
    const samples = sequences.map((sequence) => ({
      ...(sample ?? pixels(this.setup.model.shape, this.#seed++)),
      ...{ sequence: BigInt(sequence), entropy, version: BigInt(version), selection },
    }));
    const device = { ...this.who, ...who };
    return toBinary(UploadRequestSchema, create(UploadRequestSchema, { device, session, samples }));
  }

  /** Checks a message as a device would, and decodes it. @throws Violation */
  async take(held: VersionState, response: WatchResponse): Promise<VersionState> {
    return decoded(held, await this.#opened(held, response));
  }

  /** Reads a stream until version `until` is held. @throws Violation: it did not come in time */
  async follow(stream: VersionStream, from: VersionState, until: number): Promise<VersionState> {
    let held = from;
    while (held.number < until) {
      const response = await stream.next(this.setup.patienceMs ?? 60_000);
      expect(response !== undefined, `version ${until} on the stream`, `nothing after version ${held.number}`);
      const next = await this.take(held, response);
      expect(next.number > held.number, `a version after ${held.number}`, `version ${next.number}`);
      held = next;
    }
    return held;
  }

  /** The number of the newest version. */
  async latest(peer: Peer): Promise<number> {
    const { latest } = answered(await peer.announce(this.announcement()), 'Announce');
    return Number(latest?.number ?? -1);
  }

  /** Uploads samples until the cohort has a version of at least this number. */
  async teach(peer: Peer, number: number): Promise<void> {
    const { maxSamplesPerUpload } = answered(await peer.announce(this.announcement()), 'Announce');
    const session = this.session();
    const size = Math.min(maxSamplesPerUpload, 32);
    const end = performance.now() + this.patienceMs;
    for (let first = 1; performance.now() < end; first += size) {
      const sequences = Array.from({ length: size }, (_, i) => first + i);
      const outcome = await peer.upload(this.uploading(session, sequences));
      if (outcome.ok || !outcome.details.startsWith('BUDGET_EXHAUSTED')) answered(outcome, 'Upload');
      const before = await this.latest(peer);
      for (let i = 0; i < POLLS; i++) {
        const now = await this.latest(peer);
        if (now >= number) return;
        if (now > before) break;
        await sleep(POLL_MS);
      }
    }
    throw new Violation(`version ${number} after enough samples`, `version ${await this.latest(peer)}`);
  }

  /** How long to wait for what a busy cloud does in its own time. */
  get patienceMs(): number {
    return this.setup.patienceMs ?? 60_000;
  }

  close(): void {
    for (const peer of this.#peers) peer.close();
  }

  async #opened(held: VersionState, response: WatchResponse): Promise<Version> {
    const { root, model } = this.setup;
    if (root === undefined) {
      expect(response.version !== undefined, 'a version (give the suite the root of a cloud that signs)', 'none');
      return response.version;
    }
    const receiver = { root, cohort: this.cohort, modelDigest: model.digest, held, newest: 0, nowMs: Date.now() };
    try {
      return (await openVersion(webEd25519, response, receiver)).version;
    } catch (error) {
      if (!(error instanceof RenormError)) throw error;
      throw new Violation('a version that the root vouches for', error.message);
    }
  }

  #named(who: Partial<Who>, { number, digest }: Reference) {
    return { device: { ...this.who, ...who }, running: { number: BigInt(number), digest } };
  }
}

/** What of an upload is not as usual. */
export interface UploadChanges {
  readonly who?: Partial<Who>;
  /** The same for all. Default: random pixels. */
  readonly sample?: PlainSample;
  readonly entropy?: number;
  readonly version?: number | bigint;
  /** Default: none. */
  readonly selection?: Selection;
}
