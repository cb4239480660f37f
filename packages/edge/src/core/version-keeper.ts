import {
  applyVersion,
  equalBytes,
  type ParameterVersion,
  RenormError,
  reasonOf,
  type VersionState,
} from '@renorm/protocol';
import type { Tell } from './device-events.js';
import type { Inference } from './platform.js';
import type { Admitted } from './version-gate.js';

/**
 * Decodes the versions that arrive, in order, and has the newest one loaded. Two positions: `held`, on which the next delta
 * builds, and `serving`, which makes the predictions and may be behind while a session is being built.
 */
export class VersionKeeper {
  readonly #inference: Inference;
  readonly #tell: Tell;
  readonly #exported: VersionState;
  #held: VersionState;
  #serving: VersionState;
  #goal = 0;
  #next: ParameterVersion | undefined;
  #loading = false;

  /** @param exported version 0: the model as exported */
  constructor(inference: Inference, exported: VersionState, tell: Tell) {
    this.#inference = inference;
    this.#tell = tell;
    this.#exported = exported;
    this.#held = exported;
    this.#serving = exported;
  }

  /** The version on which the next delta builds. */
  get held(): VersionState {
    return this.#held;
  }

  /** The number of the version that makes the predictions. */
  get serving(): number {
    return this.#serving.number;
  }

  /** While the stream catches up, versions before this one are steps on the way: they are decoded and not loaded. */
  aimFor(latest: number): void {
    this.#goal = latest;
  }

  /**
   * @param admitted as the gate lets it in
   * @throws RenormError as `applyVersion`; what is held and what serves stays
   */
  take({ version: message, rolledBack, floor }: Admitted): void {
    const version = applyVersion(this.#held, message);
    this.#held = version;
    if (rolledBack) this.#goal = 0;
    if (version.number < Math.max(this.#goal, floor) || isSame(version, this.#serving)) return;
    this.#next = version;
    if (!this.#loading) void this.#load();
  }

  /** After a version that did not apply: decode from version 0 again, and serve what serves until something newer is whole. */
  startOver(): void {
    this.#held = this.#exported;
  }

  /** Loads the newest version, as long as there is a newer one than that: several that arrive during a load cost one more. */
  async #load(): Promise<void> {
    this.#loading = true;
    while (this.#next !== undefined) {
      const version = this.#next;
      this.#next = undefined;
      try {
        await this.#inference.load(version);
        const previous = this.#serving.number;
        this.#serving = version;
        this.#tell('version', { number: version.number, previous, publishedAtMs: version.publishedAtMs });
      } catch (cause) {
        this.#tell('error', asRefusal(version.number, cause));
      }
    }
    this.#loading = false;
  }
}

const isSame = (a: VersionState, b: VersionState): boolean => a.number === b.number && equalBytes(a.digest, b.digest);

function asRefusal(number: number, cause: unknown): RenormError {
  if (cause instanceof RenormError) return cause;
  return new RenormError(
    'VERSION_REFUSED',
    `version ${number} cannot be loaded (${reasonOf(cause)}); the version before goes on.`,
    { cause },
  );
}
