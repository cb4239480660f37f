import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { indexOfNonFinite } from './bytes.js';
import { type GridTensor, MAX_OFFSET, PARAMETER_KINDS, type ParameterGrid } from './delta/parameter-grid.js';
import type { Residual } from './delta/plan-lossy.js';
import { writeExact, writeLossy } from './delta/write-difference.js';
import { RenormError } from './errors.js';
import {
  DeltaSchema,
  type Difference,
  DifferenceSchema,
  type Version,
  VersionReferenceSchema,
  VersionSchema,
} from './gen/renorm/v1/adaptation_pb.js';
import { concatenate, type ParameterSet } from './parameters.js';
import { addOffsets, decodeDifference, type ParameterVersion, type VersionState, versionAt } from './version-codec.js';

/** What a delta becomes, besides its parameters. */
export interface DeltaOptions {
  /** Milliseconds since the Unix epoch. */
  readonly publishedAtMs: number;
  /** Number of the new version. Default: the parent's + 1. */
  readonly number?: number;
  /**
   * How finely to write, one length a tensor in the parameters' own unit: an error of a third of it is as bad in every
   * tensor. Default: 2^-12 of the largest exported value of the tensor.
   */
  readonly steps?: readonly number[];
}

/** 2^-12 of the largest value, in units of the grid. */
const DEFAULT_STEP = 2 ** 18;

const VARIANCE = PARAMETER_KINDS.indexOf('variance');

/** A version that stands alone, without loss. */
export function encodeSnapshot(version: ParameterVersion): Version {
  return message(version, {
    case: 'snapshot',
    value: differenceMessage(version, writeExact(version.grid, version.offsets)),
  });
}

/**
 * A version as a difference from its parent: as short as `steps` allows.
 *
 * What comes out is not exactly `target` but `decoded`. That is the truth of the new version: its digest is of
 * `decoded`, and the next delta must start from it, so that errors never add up. A variance that is not negative stays
 * so.
 *
 * @throws RenormError VERSION_REFUSED: names or lengths differ from the parent's, a target is not finite, or is so far
 *   from the exported value that the grid does not reach it (2^22 times the tensor's largest)
 */
export function encodeDelta(
  parent: VersionState,
  target: ParameterSet,
  options: DeltaOptions,
): { version: Version; decoded: ParameterVersion } {
  checkLayout(parent.parameters, target);
  const { grid } = parent;
  const goal = concatenate(target);
  const index = indexOfNonFinite(goal);
  if (index >= 0) throw notPublished(`the target has the value ${goal[index]} at element ${index}`);
  const residuals = grid.tensors.map((tensor) => residualOf(parent, tensor, goal));
  const steps = grid.tensors.map(({ unitExponent }, t) => {
    const step = options.steps?.[t];
    return step === undefined ? DEFAULT_STEP : step / 2 ** unitExponent;
  });
  const { bytes, difference } = writeLossy(grid, residuals, steps);
  const { publishedAtMs, number = parent.number + 1 } = options;
  const decoded = versionAt(parent, addOffsets(parent.offsets, difference), { number, publishedAtMs });
  return { version: deltaMessage(parent, decoded, bytes), decoded };
}

/**
 * One delta in place of several that follow each other, without loss.
 *
 * @param from what the receiver holds; only its number and digest are needed
 * @param to what the last delta leads to
 * @throws RenormError VERSION_REFUSED: a version is no delta, or does not decode
 */
export function joinDeltas(
  from: Pick<VersionState, 'number' | 'digest'>,
  deltas: readonly Version[],
  to: ParameterVersion,
): Version {
  const { grid } = to;
  const sum = deltas.reduce<Float64Array>(
    (total, delta) => addOffsets(total, differenceOf(grid, delta)),
    new Float64Array(grid.exported.length),
  );
  return deltaMessage(from, to, writeExact(grid, sum));
}

/** A delta from one known version to another, without loss. */
export function encodeExactDelta(parent: VersionState, version: ParameterVersion): Version {
  const difference = version.offsets.map((offset, i) => offset - (parent.offsets[i] as number));
  return deltaMessage(parent, version, writeExact(version.grid, difference));
}

function differenceOf(grid: ParameterGrid, { content, number }: Version): Float64Array {
  if (content.case !== 'delta' || content.value.difference === undefined) {
    throw notPublished(`version ${number} is no delta`);
  }
  return decodeDifference(grid, content.value.difference, Number(number));
}

function deltaMessage(
  parent: Pick<VersionState, 'number' | 'digest'>,
  version: ParameterVersion,
  data: Uint8Array,
): Version {
  const value = {
    parent: create(VersionReferenceSchema, { number: BigInt(parent.number), digest: parent.digest }),
    difference: differenceMessage(version, data),
  };
  return message(version, { case: 'delta', value: create(DeltaSchema, value) });
}

const differenceMessage = ({ offsets }: VersionState, data: Uint8Array): Difference =>
  create(DifferenceSchema, { count: offsets.length, data });

function residualOf(
  { grid: { exported }, offsets }: VersionState,
  { start, length, unitExponent, kind }: GridTensor,
  goal: Float32Array,
): Residual {
  const unit = 2 ** unitExponent;
  const values = new Float64Array(length);
  const least = kind === VARIANCE ? new Float64Array(length) : undefined;
  for (let i = 0; i < length; i++) {
    const at = start + i;
    const [from, to, held] = [exported[at] as number, goal[at] as number, offsets[at] as number];
    if (Math.abs(to - from) / unit >= MAX_OFFSET)
      throw notPublished(
        `the target ${to} at element ${at} is further from the exported ${from} than its grid reaches`,
      );
    values[i] = (to - from) / unit - held;
    // From the value that is held down to 0 and no further, unless the target itself is below.
    if (least !== undefined) least[i] = (Math.min(0, to) - from) / unit - held;
  }
  return { values, least };
}

function checkLayout(parent: ParameterSet, target: ParameterSet): void {
  const names = [...parent.keys()];
  const others = [...target.keys()];
  const same = names.length === others.length && names.every((name, i) => name === others[i]);
  if (!same || names.some((name) => parent.get(name)?.length !== target.get(name)?.length)) {
    throw notPublished('the target has other parameters than its parent');
  }
}

function message(
  { number, digest, publishedAtMs }: ParameterVersion,
  content: MessageInitShape<typeof VersionSchema>['content'],
): Version {
  return create(VersionSchema, { number: BigInt(number), digest, publishedAtMs: BigInt(publishedAtMs), content });
}

function notPublished(text: string): RenormError {
  return new RenormError('VERSION_REFUSED', `${text}; nothing was published.`);
}
