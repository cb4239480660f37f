import {
  checkRootExpiry,
  type Ed25519,
  followRoots,
  fromBinary,
  openVersion,
  parseWatchResponse,
  RenormError,
  type Root,
  type SignedMessage,
  type Version,
  VersionSchema,
  type VersionState,
  type WatchResponse,
} from '@renorm/protocol';

/** What a device trusts: the root that it was set up with, and the platform's Ed25519. */
export interface Trust {
  readonly ed25519: Ed25519;
  readonly root: Root;
  /** What survives a restart; `root` has followed the roots in it. Without it a device that was restarted does not know that it has been further. */
  readonly memory?: TrustMemory;
}

/** What a device must not forget. */
export interface Remembered {
  /** The number of the newest version that was taken; 0 at first. */
  readonly newest: number;
  /** The roots that followed the one that the device was set up with, oldest first. */
  readonly roots: readonly SignedMessage[];
}

/** Keeps it over a restart. */
export interface TrustMemory {
  read(): Remembered;
  /** @throws RenormError DATA_NOT_WRITABLE */
  write(remembered: Remembered): void;
}

/** What the gate has to know of its device. */
export interface GateSurroundings {
  readonly cohort: string;
  readonly modelDigest: Uint8Array;
  held(): VersionState;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Something could not be remembered; the device goes on. */
  onForgetful(error: RenormError): void;
}

/** A version that may be decoded. */
export interface Admitted {
  readonly version: Version;
  /** A signed rollback names it. */
  readonly rolledBack: boolean;
  /** Versions before this one are steps on the way, never to be served again. */
  readonly floor: number;
}

/** So many messages in a row without anything new end a stream. */
const MAX_STALE = 16;

/** Lets versions in: with trust only those that are signed for this device, without trust all. */
export class VersionGate {
  readonly #around: GateSurroundings;
  readonly #ed25519: Ed25519 | undefined;
  #root: Root | undefined;
  readonly #memory: TrustMemory | undefined;
  #newest: number;
  #roots: readonly SignedMessage[];
  #stale = 0;
  /** Of the last version that came, milliseconds since the Unix epoch; 0 without signatures. */
  #expiresAtMs = 0n;

  constructor(around: GateSurroundings, trust?: Trust) {
    this.#around = around;
    this.#ed25519 = trust?.ed25519;
    this.#root = trust?.root;
    this.#memory = trust?.memory;
    const { newest, roots } = trust?.memory?.read() ?? { newest: 0, roots: [] };
    this.#newest = newest;
    this.#roots = roots;
  }

  /** The version of the root that is trusted, 0 without trust. */
  get rootVersion(): number {
    return this.#root?.version ?? 0;
  }

  /** A new connection: follows the roots that the cloud serves. @throws RenormError as `followRoots`, ROOT_EXPIRED */
  async connect(roots: readonly SignedMessage[]): Promise<void> {
    this.#stale = 0;
    if (this.#ed25519 === undefined || this.#root === undefined) return;
    const before = this.#root.version;
    this.#root = await followRoots(this.#ed25519, this.#root, roots);
    if (this.#root.version > before) {
      this.#roots = [...this.#roots, ...roots];
      this.#remember();
    }
    checkRootExpiry(this.#root, this.#around.now());
  }

  /** @throws RenormError as `openVersion`, RESPONSE_INVALID, STREAM_ENDLESS */
  async admit(response: WatchResponse): Promise<Admitted> {
    const held = this.#around.held();
    const { version, rolledBack } = await this.#open(response, held);
    // What is signed anew is good for longer: that is something new.
    const isNews = Number(version.number) !== held.number || version.expiresAtMs > this.#expiresAtMs;
    this.#stale = isNews ? 0 : this.#stale + 1;
    this.#expiresAtMs = version.expiresAtMs;
    if (this.#stale > MAX_STALE) {
      throw new RenormError(
        'STREAM_ENDLESS',
        `version ${held.number} came ${this.#stale} times in a row and nothing new; see who answers at the address of the cloud.`,
      );
    }
    return { version, rolledBack, floor: this.#root === undefined || rolledBack ? 0 : this.#newest };
  }

  /** A version that was admitted has been decoded. */
  taken({ version, rolledBack }: Admitted): void {
    const number = Number(version.number);
    const newest = rolledBack ? number : Math.max(this.#newest, number);
    if (newest === this.#newest) return;
    this.#newest = newest;
    this.#remember();
  }

  #remember(): void {
    try {
      this.#memory?.write({ newest: this.#newest, roots: this.#roots });
    } catch (error) {
      if (!(error instanceof RenormError)) throw error;
      this.#around.onForgetful(error);
    }
  }

  async #open(response: WatchResponse, held: VersionState): Promise<{ version: Version; rolledBack: boolean }> {
    if (this.#ed25519 === undefined || this.#root === undefined)
      return { version: unchecked(response), rolledBack: false };
    const { cohort, modelDigest, now } = this.#around;
    const receiver = { root: this.#root, cohort, modelDigest, held, newest: this.#newest, nowMs: now() };
    return openVersion(this.#ed25519, response, receiver);
  }
}

/** A device without trust takes what a signed version says on its word. */
function unchecked(response: WatchResponse): Version {
  const { signedVersion } = response;
  if (signedVersion === undefined) return parseWatchResponse(response);
  try {
    return fromBinary(VersionSchema, signedVersion.message);
  } catch (cause) {
    throw new RenormError('RESPONSE_INVALID', 'the cloud sent a signed version that is none.', { cause });
  }
}
