import {
  decodeDifference,
  equalBytes,
  fromBinary,
  type ParameterVersion,
  RenormError,
  VersionSchema,
  type VersionState,
  versionAt,
} from '@renorm/protocol';
import type { Cohorts } from '../store/cohorts.js';
import type { StoredVersion } from '../store/records.js';

/** A version of a cohort that can be had again. */
export interface PastVersion {
  readonly number: number;
  /** Milliseconds since the Unix epoch; undefined for 0, the model as exported. */
  readonly publishedAtMs: number | undefined;
  /** Of its delta. */
  readonly bytes: number;
}

/**
 * The versions that lead to the newest one, oldest first, as far as they are kept; before them 0, the model as
 * exported.
 */
export async function pastVersions(cohorts: Cohorts, cohort: string): Promise<PastVersion[]> {
  const kept = (await chainTo(cohorts, cohort)).map(({ number, message }) => ({
    number,
    publishedAtMs: Number(fromBinary(VersionSchema, message).publishedAtMs),
    bytes: message.length,
  }));
  return [{ number: 0, publishedAtMs: undefined, bytes: 0 }, ...kept];
}

/**
 * A version as devices decoded it: the newest, less the deltas behind the one that is asked for.
 *
 * @param exported version 0
 * @throws RenormError REQUEST_INVALID: it is not kept
 */
export async function pastVersion(
  cohorts: Cohorts,
  cohort: string,
  exported: VersionState,
  number: number,
): Promise<VersionState> {
  if (number === 0) return exported;
  const latest = await cohorts.latest(cohort);
  const chain = await chainTo(cohorts, cohort);
  const index = chain.findIndex((version) => version.number === number);
  const named = chain[index];
  if (latest === undefined || named === undefined) throw notKept(cohort, number, chain);
  let { offsets } = latest;
  for (const later of chain.slice(index + 1)) offsets = less(offsets, differenceOf(later, exported));
  const { publishedAtMs } = fromBinary(VersionSchema, named.message);
  const version: ParameterVersion = versionAt(exported, offsets, { number, publishedAtMs: Number(publishedAtMs) });
  if (!equalBytes(version.digest, named.digest))
    throw new RenormError(
      'VERSION_DIGEST',
      `version ${number} of cohort ${cohort} is damaged in the data folder; name another.`,
    );
  return version;
}

/** Stored versions of which each is the parent of the next, up to the newest. */
async function chainTo(cohorts: Cohorts, cohort: string): Promise<StoredVersion[]> {
  const stored = await cohorts.versionsAfter(cohort, 0);
  let start = stored.length;
  let digest = (await cohorts.latest(cohort))?.digest;
  for (; start > 0; start--) {
    const version = stored[start - 1] as StoredVersion;
    if (digest === undefined || !equalBytes(version.digest, digest)) break;
    digest = version.parentDigest;
  }
  return stored.slice(start);
}

function differenceOf({ message, number }: StoredVersion, { grid }: VersionState): Float64Array {
  const { content } = fromBinary(VersionSchema, message);
  if (content.case !== 'delta' || content.value.difference === undefined)
    throw new RenormError('VERSION_REFUSED', `version ${number} is no delta in the data folder; name a later one.`);
  return decodeDifference(grid, content.value.difference, number);
}

const less = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value - (b[i] as number));

function notKept(cohort: string, number: number, chain: readonly StoredVersion[]): RenormError {
  const [first, last] = [chain[0]?.number, chain.at(-1)?.number];
  const kept = first === undefined ? 'it has none but 0, the model as exported' : `kept are 0 and ${first} to ${last}`;
  return new RenormError(
    'REQUEST_INVALID',
    `version ${number} of cohort ${cohort} cannot be had: ${kept}; name one of these.`,
  );
}
