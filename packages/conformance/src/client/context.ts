import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnnounceRequest,
  concatenate,
  create,
  encodeDelta,
  encodeSnapshot,
  equalBytes,
  type ParameterSet,
  type ParameterVersion,
  toBinary,
  toHex,
  type Version,
  type VersionState,
  WatchResponseSchema,
} from '@renorm/protocol';
import { expect, Violation } from '../case.js';
import type { ModelFacts } from '../model-facts.js';
import { seededBytes } from '../seeded.js';
import { type DeviceEnvironment, DeviceProcess } from './device-process.js';
import { SuiteCloud } from './suite-cloud.js';

/** What the suite is told about the device under test. */
export interface ClientSetup {
  readonly model: ModelFacts;
  /** Path of the model file, for the device. */
  readonly modelFile: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Starts the device. Without it, somebody else does when `onWaiting` says so. */
  readonly command?: string;
  /**
   * How long a device may take from its start to its announcement, in milliseconds. Default: 30,000, or 300,000 without
   * a command.
   */
  readonly patienceMs?: number;
  /** Told where a device that is started by hand has to go, and as whom. */
  onWaiting?(environment: DeviceEnvironment): void;
}

/** How a device is started for a case. */
export interface Begin {
  /** Root metadata that it trusts. */
  readonly root?: Uint8Array;
  /** Samples that it has to upload. */
  readonly samples?: number;
}

const AGAIN_MS = 15_000;
export const COHORT = 'conformance';

/** What a case against a device works with. */
export class ClientContext {
  readonly setup: ClientSetup;
  readonly cloud: SuiteCloud;
  /** What the device holds, as far as the suite knows. */
  held: VersionState;
  #device: DeviceProcess | undefined;
  readonly #folder: string;
  readonly #bytes = seededBytes(20_261_123);

  private constructor(setup: ClientSetup, cloud: SuiteCloud) {
    this.setup = setup;
    this.cloud = cloud;
    this.held = setup.model.exported;
    this.#folder = mkdtempSync(join(tmpdir(), 'renorm-conformance-'));
  }

  static async open(setup: ClientSetup): Promise<ClientContext> {
    return new ClientContext(setup, await SuiteCloud.start(setup.port, setup.model.exported));
  }

  /** Starts the device, and waits until it has announced itself and watches. @throws Violation */
  async begin(how: Begin = {}): Promise<AnnounceRequest> {
    this.start(how);
    const request = await this.announced(0);
    await this.watched(0);
    return request;
  }

  /** Starts the device and waits for nothing. */
  start({ root, samples = 0 }: Begin = {}): void {
    const { model, modelFile, command, onWaiting } = this.setup;
    const file = (name: string, content: Uint8Array | string): string => {
      writeFileSync(join(this.#folder, name), content);
      return join(this.#folder, name);
    };
    const layout = model.exported.grid.tensors.map(({ name, length, kind }) => ({ name, length, kind }));
    const values = concatenate(model.exported.parameters);
    const environment = {
      RENORM_TARGET: `127.0.0.1:${this.cloud.port}`,
      RENORM_COHORT: COHORT,
      RENORM_DEVICE: 'device-under-test',
      RENORM_MODEL: modelFile,
      RENORM_MODEL_DIGEST: toHex(model.digest),
      RENORM_LAYOUT: file('layout.json', JSON.stringify(layout)),
      RENORM_EXPORTED: file('exported.f32', new Uint8Array(values.buffer)),
      RENORM_SHAPE: model.shape.join(','),
      RENORM_SAMPLES: String(samples),
      RENORM_ROOT: root === undefined ? '' : file('root', root),
    };
    if (command === undefined) onWaiting?.(environment);
    else this.#device = new DeviceProcess(command, environment);
  }

  /** The announcement behind the first `count`. @throws Violation: none came */
  async announced(count: number, timeoutMs = this.#patience(count)): Promise<AnnounceRequest> {
    await this.#came(() => this.cloud.announcements.length > count, 'Announce', timeoutMs);
    return (this.cloud.announcements[count] as { request: AnnounceRequest }).request;
  }

  /** Waits for the stream behind the first `count`. @throws Violation: none came */
  async watched(count: number): Promise<void> {
    await this.#came(() => this.cloud.watches.length > count, 'Watch', AGAIN_MS);
  }

  /** Waits for uploads. @throws Violation: they did not come */
  async uploaded(count: number, timeoutMs = this.#patience(0)): Promise<void> {
    await this.#came(() => this.cloud.uploads.length >= count, `${count} calls of Upload`, timeoutMs);
  }

  /** The next version, as a delta from what is held. `size` scales how far it moves. */
  delta(size = 0.02, number = this.held.number + 1): { version: Version; decoded: ParameterVersion } {
    const target: ParameterSet = new Map(
      [...this.held.parameters].map(([name, values]) => {
        const scale = Math.max(...values.map(Math.abs), 1e-3) * size;
        const move = (): number => scale * (((this.#bytes(1)[0] as number) - 127.5) / 127.5);
        // A device may well refuse to run a model with variances below 0.
        const least = name.endsWith('/variance') ? 0.1 : Number.NEGATIVE_INFINITY;
        return [name, values.map((value) => Math.max(value + move(), Math.min(value, least * Math.abs(value))))];
      }),
    );
    const steps = [...target.values()].map((values) => Math.max(...values.map(Math.abs), 1e-3) * size * 0.3);
    return encodeDelta(this.held, target, { publishedAtMs: Date.now(), number, steps });
  }

  /** The next version, standing alone. */
  snapshot(size?: number, number?: number): { version: Version; decoded: ParameterVersion } {
    const { decoded } = this.delta(size, number);
    return { version: encodeSnapshot(decoded), decoded };
  }

  /** Sends a version without a signature. */
  send(version: Version): void {
    this.cloud.send(toBinary(WatchResponseSchema, create(WatchResponseSchema, { version })));
  }

  /** Ends the stream, upon which the device announces what it holds. @throws Violation: not this */
  async holds(expected: VersionState): Promise<void> {
    const [announcements, watches] = [this.cloud.announcements.length, this.cloud.watches.length];
    this.cloud.endStream();
    const { running } = await this.announced(announcements);
    this.#is(running, expected);
    this.held = expected;
    await this.watched(watches);
  }

  /**
   * Sends what has to be refused, waits until the device begins again with what it held or from version 0, and sees it
   * take a good version.
   */
  async refuses(what: string, message: Uint8Array, recover: () => Promise<void> = () => this.takes()): Promise<void> {
    const [announcements, watches] = [this.cloud.announcements.length, this.cloud.watches.length];
    this.cloud.send(message);
    const again = await this.cloud.until(() => this.cloud.announcements.length > announcements, AGAIN_MS);
    this.#lives();
    expect(again, `${what} to be refused: the stream cancelled and Announce`, 'neither');
    const { running } = (this.cloud.announcements[announcements] as { request: AnnounceRequest }).request;
    const { exported } = this.setup.model;
    const isHeld = running?.number === BigInt(this.held.number) && equalBytes(running.digest, this.held.digest);
    const isExported = running?.number === 0n && equalBytes(running.digest, exported.digest);
    expect(isHeld || isExported, `${what}: version ${this.held.number} or 0 held afterwards`, () => shown(running));
    if (!isHeld) this.held = exported;
    await this.watched(watches);
    await recover();
  }

  /** A good version is taken. */
  async takes(): Promise<void> {
    const { version, decoded } = this.delta();
    this.send(version);
    await this.holds(decoded);
  }

  async close(): Promise<void> {
    await this.#device?.close();
    this.cloud.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What was printed, for a report of a failure. */
  get said(): string {
    return this.#device?.said ?? '';
  }

  #patience(count: number): number {
    if (count > 0) return AGAIN_MS;
    return this.setup.patienceMs ?? (this.setup.command === undefined ? 300_000 : 30_000);
  }

  async #came(holds: () => boolean, what: string, timeoutMs: number): Promise<void> {
    const came = await this.cloud.until(() => holds() || this.#device?.ended !== undefined, timeoutMs);
    if (!holds()) this.#lives();
    expect(came && holds(), what, `nothing in ${timeoutMs / 1000} s${this.said}`);
  }

  #lives(): void {
    const ended = this.#device?.ended;
    if (ended !== undefined) throw new Violation('a device that goes on', ended);
  }

  #is(running: AnnounceRequest['running'], expected: VersionState): void {
    const same = running?.number === BigInt(expected.number) && equalBytes(running.digest, expected.digest);
    const wanted = { number: BigInt(expected.number), digest: expected.digest };
    expect(same, `${shown(wanted)} held`, () => `${shown(running)}${this.said}`);
  }
}

const shown = (reference: { number: bigint; digest: Uint8Array } | undefined): string =>
  reference === undefined
    ? 'no version named'
    : `version ${reference.number} with the digest ${toHex(reference.digest)}`;
