import { create } from '@bufbuild/protobuf';
import { equalBytes, indexOfNonFinite, toHex } from './bytes.js';
import { digestParameters } from './digest.js';
import { type ErrorCode, RenormError } from './errors.js';
import { fromFloat16, nextFloat16Up, toFloat16 } from './float16.js';
import { type ParameterPayload, type Version, VersionSchema } from './gen/renorm/v1/adaptation_pb.js';
import { concatenate, countElements, type ParameterSet, splitLike } from './parameters.js';
import { decodePayload, float16Payload, float32Payload } from './payload.js';
import { safeNumber } from './safe-number.js';

/** A version as somebody holds it. Number 0 is the model as exported. */
export interface VersionState {
  readonly number: number;
  /** SHA-256 of the parameters, 32 bytes. */
  readonly digest: Uint8Array;
  readonly parameters: ParameterSet;
}

/** A version as the cloud published it. */
export interface ParameterVersion extends VersionState {
  /** Milliseconds since the Unix epoch. */
  readonly publishedAtMs: number;
}

/** What a delta becomes, besides its parameters. */
export interface DeltaOptions {
  /** Milliseconds since the Unix epoch. */
  readonly publishedAtMs: number;
  /** Number of the new version. Default: the parent's + 1. */
  readonly number?: number;
}

/** How far a decoded value may be from its target before the difference travels as float32: relative to the larger of target
 * and difference, or absolutely. Half of a float16's last place is 2^-11 of the difference, or 2^-25 below its normal range. */
const RELATIVE_TOLERANCE = 2 ** -10;
const ABSOLUTE_TOLERANCE = 2 ** -24;

/** Version 0: a model as exported. */
export function exportedVersion(parameters: ParameterSet): VersionState {
  return { number: 0, digest: digestParameters(parameters), parameters };
}

/** A version that stands alone: all values as float32. */
export function encodeSnapshot(version: ParameterVersion): Version {
  return create(VersionSchema, {
    number: BigInt(version.number),
    digest: version.digest,
    publishedAtMs: BigInt(version.publishedAtMs),
    content: { case: 'snapshot', value: float32Payload(concatenate(version.parameters)) },
  });
}

/**
 * A version as differences from its parent, in float16 where that is close enough for every value, else in float32.
 *
 * The difference is rounded, so what comes out is not exactly `target` but `decoded`. That is the truth of the new version:
 * its digest is of `decoded`, and the next delta must start from it, so that errors never add up. A target that is not
 * negative decodes to a value that is not negative (a variance stays one).
 *
 * @throws RenormError VERSION_REFUSED: names or lengths differ from the parent's, or a target is not finite
 */
export function encodeDelta(
  parent: VersionState,
  target: ParameterSet,
  options: DeltaOptions,
): { version: Version; decoded: ParameterSet } {
  checkLayout(parent.parameters, target);
  const from = concatenate(parent.parameters);
  const to = concatenate(target);
  const index = indexOfNonFinite(to);
  if (index >= 0) throw refused(`the target has the value ${to[index]} at element ${index}`);
  const { payload, values } = halfDifference(from, to) ?? fullDifference(from, to);
  if (indexOfNonFinite(values) >= 0) throw refused('a difference from the parent is larger than float32 can hold');
  const decoded = splitLike(parent.parameters, values);
  const version = create(VersionSchema, {
    number: BigInt(options.number ?? parent.number + 1),
    digest: digestParameters(decoded),
    publishedAtMs: BigInt(options.publishedAtMs),
    content: {
      case: 'delta',
      value: { parent: { number: BigInt(parent.number), digest: parent.digest }, difference: payload },
    },
  });
  return { version, decoded };
}

/**
 * Decodes a version against the one that the receiver holds. The result is the same to the bit on every platform: a delta is
 * float32(parent + difference), element by element. A version that is held already comes out as it is.
 *
 * @throws RenormError VERSION_REFUSED: damaged data, another number of values; VERSION_MISMATCH: a delta of another parent;
 *   VERSION_NOT_FINITE; VERSION_DIGEST: a result without the digest that was announced. `current` stays valid.
 */
export function applyVersion(current: VersionState, message: Version): ParameterVersion {
  const number = safeNumber(message.number, 'number of the version', 'VERSION_REFUSED');
  const publishedAtMs = safeNumber(message.publishedAtMs, 'time of publication', 'VERSION_REFUSED');
  if (number === current.number && equalBytes(message.digest, current.digest)) return { ...current, publishedAtMs };
  const values = decodeContent(current, message, number);
  const index = indexOfNonFinite(values);
  if (index >= 0) {
    throw refused(`version ${number} has the value ${values[index]} at element ${index}`, 'VERSION_NOT_FINITE');
  }
  const parameters = splitLike(current.parameters, values);
  const digest = digestParameters(parameters);
  if (!equalBytes(digest, message.digest)) {
    throw refused(
      `version ${number} decodes to the digest ${toHex(digest)}, announced as ${toHex(message.digest)}`,
      'VERSION_DIGEST',
    );
  }
  return { number, digest, parameters, publishedAtMs };
}

function decodeContent(current: VersionState, { content }: Version, number: number): Float32Array {
  const count = countElements(current.parameters);
  switch (content.case) {
    case 'snapshot':
      return unpack(content.value, count, number);
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
      return add(concatenate(current.parameters), unpack(difference, count, number));
    }
    default:
      throw refused(`version ${number} has no content that this program knows`);
  }
}

function unpack(payload: ParameterPayload, count: number, number: number): Float32Array {
  const values = decodePayload(payload, count);
  if (typeof values === 'string') throw refused(`version ${number} does not decode: ${values}`);
  return values;
}

/** float32(a + b): the sum of two float32 numbers in double is exact enough that rounding it once gives IEEE addition. */
function add(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + (b[i] as number));
}

interface Difference {
  readonly payload: ParameterPayload;
  readonly values: Float32Array;
}

function fullDifference(from: Float32Array, to: Float32Array): Difference {
  const difference = to.map((value, i) => value - (from[i] as number));
  return { payload: float32Payload(difference), values: add(from, difference) };
}

/** Nothing where a difference is too large for float16, or loses more than the tolerance. */
function halfDifference(from: Float32Array, to: Float32Array): Difference | undefined {
  const patterns = new Uint16Array(to.length);
  const values = new Float32Array(to.length);
  for (let i = 0; i < to.length; i++) {
    const start = from[i] as number;
    const goal = to[i] as number;
    const difference = goal - start;
    let pattern = toFloat16(difference);
    // Rounding down must not turn a small variance negative.
    if (goal >= 0 && Math.fround(start + fromFloat16(pattern)) < 0) pattern = nextFloat16Up(pattern);
    const value = Math.fround(start + fromFloat16(pattern));
    // A difference beyond float16 has become infinite here, and is refused like any other loss.
    const allowed = Math.max(ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE * Math.max(Math.abs(goal), Math.abs(difference)));
    if (Math.abs(value - goal) > allowed) return undefined;
    patterns[i] = pattern;
    values[i] = value;
  }
  return { payload: float16Payload(patterns), values };
}

function checkLayout(parent: ParameterSet, target: ParameterSet): void {
  const names = [...parent.keys()];
  const others = [...target.keys()];
  const same = names.length === others.length && names.every((name, i) => name === others[i]);
  if (!same || names.some((name) => parent.get(name)?.length !== target.get(name)?.length)) {
    throw refused('the target has other parameters than its parent');
  }
}

function refused(text: string, code: ErrorCode = 'VERSION_REFUSED'): RenormError {
  return new RenormError(
    code,
    `${text}; the version held before stays. Ask for a snapshot or start over from version 0.`,
  );
}
