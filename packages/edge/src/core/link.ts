import {
  AnnounceRequestSchema,
  create,
  type Device as DeviceMessage,
  errorFromGrpc,
  parseAnnounceResponse,
  RenormError,
  type VersionState,
  WatchRequestSchema,
  type WatchResponse,
  type Welcome,
} from '@renorm/protocol';
import { type BackoffOptions, backoffMs } from './backoff.js';
import type { Clock, Random, Transport } from './platform.js';
import type { Admitted, VersionGate } from './version-gate.js';

/** What the link needs of the device around it. */
export interface LinkSurroundings {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: BackoffOptions;
  readonly device: DeviceMessage;
  /** The version to resume behind. */
  held(): VersionState;
  onConnected(welcome: Welcome): void;
  /** The cloud said its terms again. */
  onTerms(welcome: Welcome): void;
  /** Decides which roots and versions are taken. */
  readonly gate: VersionGate;
  /** Throws if the version does not apply: the link starts anew. */
  onVersion(admitted: Admitted): void;
  onLost(error: RenormError, retryInMs: number): void;
}

/** Where the link stands. */
export type LinkState = 'connecting' | 'connected' | 'waiting' | 'closed';

/** A connection that held this long ends the count of failures, in milliseconds. */
const STABLE_MS = 5000;

/** Keeps a device connected: announces it, watches for versions, and does so again with backoff whenever either ends. */
export class Link {
  readonly #around: LinkSurroundings;
  #state: LinkState = 'waiting';
  #since: number;
  #failures = 0;
  #cancelWatch: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(around: LinkSurroundings) {
    this.#around = around;
    this.#since = around.clock.now();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** When it became connected or lost the connection, in milliseconds since the Unix epoch. */
  get since(): number {
    return this.#since;
  }

  /** Announces the device and, if the cloud takes it in, watches. Call it once; after that it goes by itself. */
  async start(): Promise<void> {
    this.#state = 'connecting';
    try {
      const welcome = await this.#announce();
      // Closed, as far as the compiler cannot see, while the answer was on its way.
      if ((this.#state as LinkState) !== 'connecting') return;
      this.#state = 'connected';
      this.#since = this.#around.clock.now();
      this.#around.onConnected(welcome);
      this.#watch();
    } catch (error) {
      this.lose(errorFromGrpc(error));
    }
  }

  /** Announces again for the terms of the cloud. */
  async askTerms(): Promise<void> {
    try {
      const welcome = await this.#announce();
      if (this.#state === 'connected') this.#around.onTerms(welcome);
    } catch (error) {
      if (this.#state === 'connected') this.lose(errorFromGrpc(error));
    }
  }

  /** The connection is of no use any more: drops what is left of it and tries again later. */
  lose(error: RenormError): void {
    if (this.#state === 'closed' || this.#state === 'waiting') return;
    const now = this.#around.clock.now();
    if (this.#state === 'connected') {
      if (now - this.#since >= STABLE_MS) this.#failures = 0;
      this.#since = now;
    }
    this.#state = 'waiting';
    this.#stopWatching();
    this.#failures++;
    const retryInMs = backoffMs(this.#failures, this.#around.random.fraction(), this.#around.backoff);
    this.#cancelRetry = this.#around.clock.after(retryInMs, () => void this.start());
    this.#around.onLost(error, retryInMs);
  }

  /** Ends it for good. */
  close(): void {
    this.#state = 'closed';
    this.#stopWatching();
    this.#cancelRetry?.();
  }

  async #announce(): Promise<Welcome> {
    const { transport, gate } = this.#around;
    const request = create(AnnounceRequestSchema, { ...this.#who(), rootVersion: BigInt(gate.rootVersion) });
    const welcome = parseAnnounceResponse(await transport.announce(request));
    await gate.connect(welcome.roots);
    return welcome;
  }

  #watch(): void {
    let current = true;
    let waiting = 0;
    let turn = Promise.resolve();
    const end = (error: RenormError): void => {
      if (current) this.lose(error);
    };
    const cancel = this.#around.transport.watch(create(WatchRequestSchema, this.#who()), {
      onResponse: (response) => {
        if (!current) return;
        if (++waiting > MAX_WAITING) end(flooded());
        // In order, though each check of a signature takes its time.
        turn = turn.then(async () => {
          if (current) await this.#receive(response, () => current);
          waiting--;
        });
      },
      onEnd: (error) => void turn.then(() => end(errorFromGrpc(error))),
    });
    this.#cancelWatch = () => {
      current = false;
      cancel();
    };
  }

  async #receive(response: WatchResponse, isCurrent: () => boolean): Promise<void> {
    try {
      const admitted = await this.#around.gate.admit(response);
      if (!isCurrent()) return;
      const before = this.#around.held();
      this.#around.onVersion(admitted);
      // A cloud that brings something new is of use, however short its streams are.
      if (this.#around.held() !== before) this.#failures = 0;
    } catch (error) {
      if (isCurrent()) this.lose(errorFromGrpc(error));
    }
  }

  #stopWatching(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }

  #who() {
    const { number, digest } = this.#around.held();
    return { device: this.#around.device, running: { number: BigInt(number), digest } };
  }
}

/** So many versions may wait to be checked; a cloud that catches a device up with more sends a snapshot. */
const MAX_WAITING = 256;

function flooded(): RenormError {
  return new RenormError(
    'STREAM_ENDLESS',
    `more than ${MAX_WAITING} versions came faster than they could be checked; see who answers at the address of the cloud.`,
  );
}
