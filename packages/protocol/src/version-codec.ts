import { equalBytes, indexOfNonFinite, toHex } from './bytes.js';
import { MAX_OFFSET, type ParameterGrid, parameterGrid, valuesAt } from './delta/parameter-grid.js';
import { readDifference } from './delta/read-difference.js';
import { digestParameters } from './digest.js';
import { type ErrorCode, RenormError } from './errors.js';
import type { Difference, Version } from './gen/renorm/v1/adaptation_pb.js';
import { type ParameterSet, splitLike } from './parameters.js';
import { safeNumber } from './safe-number.js';
import { checkVersionNumber } from './trust/version-number.js';

/** A version as somebody holds it. Number 0 is the model as exported. */
export interface VersionState {
  readonly number: number;
  /** SHA-256 of the parameters, 32 bytes. */
  readonly digest: Uint8Array;
  readonly parameters: ParameterSet;
  /** How far each value is from the exported one, in whole units of the grid. */
  readonly offsets: Float64Array;
  readonly grid: ParameterGrid;
}

/** A version as the cloud published it. */
export interface ParameterVersion extends VersionState {
  /** Milliseconds since the Unix epoch. */
  readonly publishedAtMs: number;
}

/** Version 0: a model as exported. */
export function exportedVersion(parameters: ParameterSet): VersionState {
  const grid = parameterGrid(parameters);
  const offsets = new Float64Array(grid.exported.length);
  return { number: 0, digest: digestParameters(parameters), parameters, offsets, grid };
}

/**
 * The version at these offsets of a grid.
 *
 * @throws RenormError VERSION_REFUSED: an offset is beyond the grid; VERSION_NOT_FINITE: a value is beyond float32
 */
export function versionAt(
  { grid, parameters: like }: VersionState,
  offsets: Float64Array,
  named: { readonly number: number; readonly publishedAtMs: number },
): ParameterVersion {
  const { number } = named;
  const far = offsets.findIndex((offset) => Math.abs(offset) >= MAX_OFFSET);
  if (far >= 0) throw refused(`version ${number} moves the value ${far} further than its grid reaches`);
  const values = valuesAt(grid, offsets);
  const index = indexOfNonFinite(values);
  if (index >= 0) {
    throw refused(`version ${number} has the value ${values[index]} at element ${index}`, 'VERSION_NOT_FINITE');
  }
  const parameters = splitLike(like, values);
  return { ...named, digest: digestParameters(parameters), parameters, offsets, grid };
}

/**
 * Decodes a version against the one that the receiver holds. The result is the same to the bit on every platform. A
 * version that is held already comes out as it is.
 *
 * @throws RenormError VERSION_REFUSED: damaged data, or another number of values; VERSION_MISMATCH: a delta of another
 *   parent; VERSION_NUMBER; VERSION_NOT_FINITE; VERSION_DIGEST: a result without the digest that was announced.
 *   `current` stays valid.
 */
export function applyVersion(current: VersionState, message: Version): ParameterVersion {
  const number = safeNumber(message.number, 'number of the version', 'VERSION_REFUSED');
  checkVersionNumber(number);
  const publishedAtMs = safeNumber(message.publishedAtMs, 'time of publication', 'VERSION_REFUSED');
  if (number === current.number && equalBytes(message.digest, current.digest)) return { ...current, publishedAtMs };
  const version = versionAt(current, decodeContent(current, message, number), { number, publishedAtMs });
  if (!equalBytes(version.digest, message.digest)) {
    throw refused(
      `version ${number} decodes to the digest ${toHex(version.digest)}, announced as ${toHex(message.digest)}`,
      'VERSION_DIGEST',
    );
  }
  return version;
}

/** The offsets of a version. */
function decodeContent(current: VersionState, { content }: Version, number: number): Float64Array {
  switch (content.case) {
    case 'snapshot':
      return decodeDifference(current.grid, content.value, number);
    case 'delta': {
      const { parent, difference } = content.value;
      if (parent === undefined || difference === undefined)
        throw refused(`version ${number} is a delta without parent or difference`);
      if (parent.number !== BigInt(current.number) || !equalBytes(parent.digest, current.digest)) {
        throw refused(
          `version ${number} is a delta of version ${parent.number}, version ${current.number} is held`,
          'VERSION_MISMATCH',
        );
      }
      return addOffsets(current.offsets, decodeDifference(current.grid, difference, number));
    }
    default:
      throw refused(`version ${number} has no content that this program knows`);
  }
}

/** What a difference adds to the offsets. @throws RenormError VERSION_REFUSED */
export function decodeDifference(grid: ParameterGrid, { count, data }: Difference, number: number): Float64Array {
  const expected = grid.exported.length;
  if (count !== expected) throw refused(`version ${number} carries ${count} values, the model has ${expected}`);
  return readDifference(data, grid);
}

/** Sums of whole numbers in doubles are exact as long as the grid's bound holds, which `versionAt` checks. */
export const addOffsets = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((value, i) => value + (b[i] as number));

function refused(text: string, code: ErrorCode = 'VERSION_REFUSED'): RenormError {
  return new RenormError(
    code,
    `${text}; the version held before stays. Ask for a snapshot or start over from version 0.`,
  );
}
