import {
  applyVersion,
  equalBytes,
  type OpenedVersion,
  type ParameterVersion,
  type Reference,
  RenormError,
  type Root,
  type SignedMessage,
  type VersionState,
} from '@renorm/protocol';
import type { Remembered } from './platform.js';

/**
 * What a device holds, serves and has had. Nobody else owns any of it. Three positions: `held`, on which the next delta
 * builds; `serving`, which makes the predictions and is behind while a session is being built; `newest`, below which
 * nothing is served again.
 */
export interface Versions {
  /** Version 0: the model as exported. */
  readonly exported: VersionState;
  readonly held: VersionState;
  readonly serving: VersionState;
  /** What served before: where to go back to. */
  readonly previous: VersionState;
  /** What is to serve: what serves, unless something newer has been decoded. */
  readonly wanted: VersionState;
  /** What is being loaded. */
  readonly loading: VersionState | undefined;
  /** The newest number that was ever taken, with a root; 0 without one. */
  readonly newest: number;
  /** Public keys that vouched for `newest`. */
  readonly vouchedBy: readonly Uint8Array[];
  /** While a stream catches up, versions before this one are steps on the way: they are decoded and not loaded. */
  readonly goal: number;
  /** Messages in a row that brought nothing new. */
  readonly stale: number;
  /** Of the last signed version that came, milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
  /** The latest of these times; 0 before the first signed version. */
  readonly freshUntil: number;
}

/** A version, and the signed message that says that it is one; without a root there may be none. */
export interface ProvenVersion extends VersionState {
  readonly proof?: SignedMessage;
  /** Until when that is good, in milliseconds since the Unix epoch. */
  readonly expiresAtMs?: number;
}

/** So many messages in a row without anything new end a stream. */
const MAX_STALE = 16;

/** A device before its first message. @param version that an earlier run left in force, and that is loaded */
export function initialVersions(
  exported: VersionState,
  recalled?: Omit<Remembered, 'roots'>,
  version: ProvenVersion = exported,
): Versions {
  const { expiresAtMs = 0 } = version;
  return {
    ...{ exported, held: version, serving: version, previous: exported, wanted: version, loading: undefined },
    ...{ newest: recalled?.newest ?? 0, vouchedBy: recalled?.vouchedBy ?? [] },
    ...{ goal: 0, stale: 0, expiresAtMs, freshUntil: expiresAtMs },
  };
}

/** A stream begins. @param latest the newest version, as the cloud says */
export function catchUp(versions: Versions, latest: Reference): Versions {
  return { ...versions, goal: latest.number, stale: 0 };
}

/**
 * Takes a version that was checked.
 *
 * @param trusts whether the device has a root; without one it goes wherever the cloud does
 * @param proof what was signed
 * @throws RenormError as `applyVersion`, STREAM_ENDLESS; then what is held stays
 */
export function takeVersion(
  versions: Versions,
  { version: message, rolledBack, signers }: OpenedVersion,
  trusts: boolean,
  proof?: SignedMessage,
): Versions {
  const { held, serving } = versions;
  const expiresAtMs = Number(message.expiresAtMs);
  // What is signed anew is good for longer: that is something new.
  const isNews = Number(message.number) !== held.number || expiresAtMs > versions.expiresAtMs;
  const stale = isNews ? 0 : versions.stale + 1;
  if (stale > MAX_STALE) throw endless(held.number, stale);
  const decoded: ProvenVersion = { ...applyVersion(held, message), ...(proof && { proof, expiresAtMs }) };
  const goal = rolledBack ? 0 : versions.goal;
  const floor = trusts && !rolledBack ? versions.newest : 0;
  const isStep = decoded.number < Math.max(goal, floor);
  const isNewest = trusts && (rolledBack || decoded.number >= versions.newest);
  return {
    ...{ ...versions, held: decoded, goal, stale, expiresAtMs },
    // No date is later.
    freshUntil: Math.min(Math.max(versions.freshUntil, expiresAtMs), 8.64e15),
    ...(isStep || isSame(decoded, versions.wanted) ? {} : { wanted: decoded }),
    ...(isNews &&
      isSame(decoded, serving) &&
      isSame(serving, versions.wanted) && { serving: decoded, wanted: decoded }),
    ...(isNewest && { newest: decoded.number, vouchedBy: vouchers(versions, decoded.number, signers) }),
  };
}

/** Who vouches for the newest version: it may be signed anew by another key. */
function vouchers({ newest, vouchedBy }: Versions, number: number, signers: readonly Uint8Array[]) {
  if (number !== newest) return signers;
  const others = signers.filter((key) => !vouchedBy.some((known) => equalBytes(known, key)));
  return others.length === 0 ? vouchedBy : [...vouchedBy, ...others];
}

/** What to load now; undefined while something is being loaded, or when what is wanted serves. */
export function toLoad({ wanted, serving, loading }: Versions): VersionState | undefined {
  return loading === undefined && !isSame(wanted, serving) ? wanted : undefined;
}

/** A load begins. */
export function loading(versions: Versions, version: VersionState): Versions {
  return { ...versions, loading: version };
}

/** The load ended: what was loaded serves. Several versions that came during it cost one more load. */
export function loaded(versions: Versions): Versions {
  const { loading: serving = versions.serving, previous, exported } = versions;
  // After a step back the next goes to the model as exported.
  const before = isSame(serving, previous) ? exported : versions.serving;
  return { ...versions, serving, previous: before, loading: undefined };
}

/**
 * What serves has gone bad: the one before is to. The model as exported goes on whatever it does, for there is nothing
 * behind it.
 */
export function takeBack(versions: Versions): Versions {
  const { serving, previous, exported, loading } = versions;
  return loading !== undefined || isSame(serving, exported) ? versions : { ...versions, wanted: previous };
}

/** The load failed: what serves goes on, and what could not be loaded is not tried again until it comes again. */
export function notLoaded(versions: Versions): Versions {
  const { loading, wanted, serving } = versions;
  const gaveUp = loading !== undefined && isSame(loading, wanted);
  return { ...versions, loading: undefined, wanted: gaveUp ? serving : wanted };
}

/**
 * After a version that did not apply: decode from version 0 again, and serve what serves until something newer is
 * whole.
 */
export function startOver(versions: Versions): Versions {
  return { ...versions, held: versions.exported };
}

/**
 * A new root is trusted. What only keys vouched for that it no longer names counts for nothing: as in TUF, replacing a
 * stolen key undoes how far it has taken devices (The Update Framework, specification 1.0, 5.3.11, fast-forward
 * attacks).
 */
export function underRoot(versions: Versions, { signing }: Root): Versions {
  const still = versions.vouchedBy.filter((key) => signing.keys.some((named) => equalBytes(named, key)));
  if (versions.newest === 0 || still.length >= signing.threshold) return versions;
  return { ...startOver(versions), newest: 0, vouchedBy: [], goal: 0, expiresAtMs: 0, freshUntil: 0 };
}

/** When a version was published, if it came from a cloud. */
export const publishedAt = (version: VersionState): number => (version as Partial<ParameterVersion>).publishedAtMs ?? 0;

const isSame = (a: VersionState, b: VersionState): boolean => a.number === b.number && equalBytes(a.digest, b.digest);

function endless(number: number, stale: number): RenormError {
  return new RenormError(
    'STREAM_ENDLESS',
    `version ${number} came ${stale} times in a row and nothing new; see who answers at the address of the cloud.`,
  );
}
