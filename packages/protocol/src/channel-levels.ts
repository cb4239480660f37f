import { bytesToFloat32, float32ToBytes } from './bytes.js';

/** Bytes that step and offset of one channel take. */
const HEADER = 8;
const LEVELS = 255;
/** How far from a grid point, in steps, a value may lie and still count as on it: rounding to float32, no more. */
const ON_GRID = 2 ** -8;
/** Beyond this the last level could round to infinity. */
const LARGEST = 2 ** 127;

interface Grid {
  readonly step: number;
  readonly offset: number;
}

/** The channels of a shape: its first axis, or one if it has no other. */
export function channelsOf(shape: readonly number[]): number {
  return shape.length > 1 ? (shape[0] as number) : 1;
}

/** Length of what `toChannelLevels` makes of `elements` values. */
export function channelLevelsLength(elements: number, channels: number): number {
  return channels * HEADER + elements;
}

/**
 * One byte per value, on 256 levels from the least to the greatest value of its channel. Where a channel's values lie
 * on a coarser grid already, as those of a normalized image do, it keeps that grid, and they come back but for float32
 * rounding.
 *
 * @param onlyGrids gives undefined unless every channel lies on such a grid
 * @returns step and offset of each channel as float32, and the bytes; undefined if a value's magnitude is beyond 2^127
 */
export function toChannelLevels(
  values: Float32Array,
  channels: number,
  onlyGrids: boolean,
): { readonly header: Uint8Array; readonly bytes: Uint8Array } | undefined {
  const size = values.length / channels;
  const header = new Float32Array(channels * 2);
  const bytes = new Uint8Array(values.length);
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * size;
    const part = values.subarray(start, start + size);
    const grid = gridOf(part) ?? (onlyGrids ? undefined : spanOf(part));
    if (grid === undefined || part.some((value) => Math.abs(value) > LARGEST)) return undefined;
    header.set([grid.step, grid.offset], channel * 2);
    for (let i = 0; i < size; i++) bytes[start + i] = levelOf(part[i] as number, grid);
  }
  return { header: float32ToBytes(header), bytes };
}

/**
 * The values of what `toChannelLevels` wrote, its header in front; whatever step and offset are, so that they may be
 * infinite or NaN.
 */
export function fromChannelLevels(bytes: Uint8Array, channels: number): Float32Array {
  const header = bytesToFloat32(bytes.subarray(0, channels * HEADER));
  const levels = bytes.subarray(channels * HEADER);
  const size = levels.length / channels;
  return new Float32Array(levels).map((level, i) => {
    const channel = Math.floor(i / size) * 2;
    return (header[channel + 1] as number) + level * (header[channel] as number);
  });
}

function levelOf(value: number, { step, offset }: Grid): number {
  return step === 0 ? 0 : Math.min(LEVELS, Math.max(0, Math.round((value - offset) / step)));
}

function spanOf(values: Float32Array): Grid {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { step: Math.fround((greatest - least) / LEVELS), offset: least };
}

/**
 * The grid that at most 256 distinct values lie on, its step the smallest gap between two of them; undefined if there
 * is none.
 */
function gridOf(values: Float32Array): Grid | undefined {
  const distinct = new Set<number>();
  for (const value of values) if (distinct.add(value).size > LEVELS + 1) return undefined;
  const sorted = Float64Array.from(distinct).sort();
  const offset = sorted[0] as number;
  const span = (sorted[sorted.length - 1] as number) - offset;
  if (span === 0) return { step: 0, offset };
  let gap = span;
  for (let i = 1; i < sorted.length; i++) gap = Math.min(gap, (sorted[i] as number) - (sorted[i - 1] as number));
  const count = Math.round(span / gap);
  if (count > LEVELS) return undefined;
  const step = Math.fround(span / count);
  const onGrid = (value: number): boolean => {
    const level = (value - offset) / step;
    return Math.abs(level - Math.round(level)) <= ON_GRID;
  };
  return sorted.every(onGrid) ? { step, offset } : undefined;
}
