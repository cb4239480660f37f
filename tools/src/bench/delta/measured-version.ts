import { gunzipSync, gzipSync } from 'node:zlib';
import {
  concatenate,
  decodeDifference,
  type ParameterSet,
  toBinary,
  toFloat16,
  type Version,
  VersionSchema,
  type VersionState,
} from '@renorm/protocol';

/** What one version costs in each form, in bytes, and what it does. */
export interface MeasuredVersion {
  readonly coded: number;
  /** The whole renorm.v1.Version message, without a signature. */
  readonly message: number;
  readonly half: number;
  readonly halfGzip: number;
  readonly ams: number;
  readonly divergence: number;
  /** Shares of test images of the environment. */
  readonly accuracy: number;
  readonly accuracyFloat: number;
  /** From the upload to the parameters as trained, and from there to the version on the device. */
  readonly trainMs: number;
  readonly publishMs: number;
  /** Decoding over gunzip of the same parameters in float16, medians. */
  readonly decodeRatio: number;
}

/** What a version takes, in bytes, in each form. */
export function sizesOf(version: Version, half: Uint8Array, before: Uint8Array) {
  return {
    coded: differenceOf(version).data.length,
    message: toBinary(VersionSchema, version).length,
    half: half.length,
    halfGzip: gzipSync(half, { level: 9 }).length,
    ams: amsBytes(half, before).length,
  };
}

function differenceOf({ content }: Version) {
  if (content.case !== 'delta' || content.value.difference === undefined) throw new Error('The writer wrote no delta.');
  return content.value.difference;
}

/** All parameters as float16. */
export function halfBytes(parameters: ParameterSet): Uint8Array {
  return new Uint8Array(Uint16Array.from(concatenate(parameters), toFloat16).buffer);
}

/**
 * The codec of AMS (Khani et al., ICCV 2021, section 3.2): a bit mask of the values that changed and these as float16,
 * gzip -9.
 */
function amsBytes(half: Uint8Array, before: Uint8Array): Uint8Array {
  const mask = new Uint8Array(Math.ceil(half.length / 16));
  const values: number[] = [];
  for (let i = 0; i < half.length; i += 2) {
    if (half[i] === before[i] && half[i + 1] === before[i + 1]) continue;
    mask[i >> 4]! |= 1 << ((i >> 1) & 7);
    values.push(half[i] as number, half[i + 1] as number);
  }
  return gzipSync(Uint8Array.of(...mask, ...values), { level: 9 });
}

/** Both in turn, so that neither has the machine to itself. */
export function decodeRatio(held: VersionState, version: Version, half: Uint8Array): number {
  const zipped = gzipSync(half, { level: 9 });
  const difference = differenceOf(version);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let i = 0; i < 60; i++) {
    const started = performance.now();
    decodeDifference(held.grid, difference, Number(version.number));
    const between = performance.now();
    gunzipSync(zipped);
    ours.push(between - started);
    theirs.push(performance.now() - between);
  }
  return median(ours) / median(theirs);
}

/** The upper one of two in the middle. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;
