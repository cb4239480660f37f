import { encodeDelta, type ParameterSet, toBinary, VersionSchema, type VersionState } from '@renorm/protocol';
import type { Publication } from './cohorts.js';

/** The version that follows another, with these parameters, as a trainer commits it. */
export function publicationAfter(parent: VersionState, parameters: ParameterSet, publishedAtMs = 5): Publication {
  const { version, decoded } = encodeDelta(parent, parameters, { publishedAtMs });
  const { number, digest } = decoded;
  return {
    latest: decoded,
    stored: { number, digest, parentDigest: parent.digest, message: toBinary(VersionSchema, version) },
  };
}
