import {
  applyVersion,
  equalBytes,
  RenormError,
  type Version,
  type VersionReference,
  type VersionState,
} from '@renorm/protocol';
import { expect, Violation } from './case.js';

// All that the suite knows of how a version is encoded is in this file and in broken-versions.ts.

/** The parent of a delta; undefined for a snapshot. */
export function parentOf(version: Version): VersionReference | undefined {
  return version.content.case === 'delta' ? version.content.value.parent : undefined;
}

/** What comes out of a version that a cloud sent to someone who holds `held`. @throws Violation */
export function decoded(held: VersionState, version: Version): VersionState {
  const parent = parentOf(version);
  const fits =
    parent === undefined || (parent.number === BigInt(held.number) && equalBytes(parent.digest, held.digest));
  expect(fits, `a snapshot, or a delta of version ${held.number}`, `a delta of version ${parent?.number}`);
  try {
    return applyVersion(held, version);
  } catch (error) {
    if (!(error instanceof RenormError)) throw error;
    throw new Violation('a version that decodes to its digest', error.message);
  }
}
